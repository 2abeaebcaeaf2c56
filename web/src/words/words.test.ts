import { describe, expect, test } from "vitest";
import { en as captureInEnglish } from "./capture/en";
import { es as captureInSpanish } from "./capture/es";
import { en } from "./en";
import { es } from "./es";
import { en as faultsInEnglish } from "./faults/en";
import { es as faultsInSpanish } from "./faults/es";
import { pickLanguage } from "./index";

/** Every text of a language with its path; functions are called with plausible values. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [1, 2].map((n) => [path, String(value(n, n))]);
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

const english = { ...en, ...captureInEnglish, faults: faultsInEnglish };
const spanish = { ...es, ...captureInSpanish, faults: faultsInSpanish };
const all = [...texts(english, "en"), ...texts(spanish, "es")];

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
    const translated = new Map(texts(spanish));
    // Language names stand in their own language on purpose.
    const same = texts(english).filter(
      ([path, text]) => /[a-z]{4}/i.test(text) && translated.get(path) === text,
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
