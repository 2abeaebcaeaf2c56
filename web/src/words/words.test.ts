import { describe, expect, test } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { pickLanguage } from "./index";

/** Every text of a language with its path; functions are called with plausible values. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [1, 2].map((n) => [path, String(value(n, n))]);
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

const all = [...texts(en, "en"), ...texts(es, "es")];

describe("words", () => {
  test("no_text_shouts_or_is_empty", () => {
    for (const [path, text] of all) {
      expect(text.trim(), path).not.toBe("");
      expect(text, path).not.toMatch(/[!¡]/);
    }
  });

  test("no_text_speaks_of_the_machinery", () => {
    const jargon = /presign|bucket|token|signed url|\bapi\b|\bhttp|upload-url|session expired/i;
    for (const [path, text] of all) expect(text, path).not.toMatch(jargon);
  });

  test("spanish_is_translated_and_not_copied", () => {
    const spanish = new Map(texts(es));
    // Language names stand in their own language on purpose.
    const same = texts(en).filter(
      ([path, text]) => /[a-z]{4}/i.test(text) && spanish.get(path) === text,
    );
    expect(same).toEqual([]);
  });

  test("the_first_language_we_speak_wins", () => {
    expect(pickLanguage(["fr-CA", "es-MX", "en-US"])).toBe("es");
    expect(pickLanguage(["EN-gb"])).toBe("en");
    expect(pickLanguage(["de"])).toBe("en");
    expect(pickLanguage([])).toBe("en");
  });
});
