import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { faultsOf } from ".";

/** Where the program gives codes: in the one function `code` of each file. */
const SOURCES = ["photo/src/rejection.rs", "app/src/process/unseen.rs"];

/** The texts in a Rust file's function `code`, by the indentation that rustfmt gives it. */
function codesIn(file: string): string[] {
  const source = readFileSync(join(import.meta.dirname, "../../../../crates", file), "utf8");
  const body = /fn code\(.*?\n {4}\}\n/s.exec(source)?.[0] ?? "";
  const codes = [...body.matchAll(/=> "(\w+)"/g)].flatMap(([, code]) => code ?? []);
  expect(codes, file).not.toEqual([]);
  expect(codes.length, `each line of ${file} that decides has one`).toBe(
    body.split("=>").length - 1,
  );
  return codes;
}

test("every_reason_that_the_program_can_give_has_words_and_no_others_have", () => {
  const codes = new Set(SOURCES.flatMap(codesIn));
  for (const words of [en, es]) {
    const known = Object.keys(words.rejection).filter((code) => code !== "other");
    expect(known.sort()).toEqual([...codes].sort());
  }
});

test("a_reason_that_the_pages_do_not_know_is_told_in_general_words", () => {
  expect(faultsOf(en).rejected("truncated")).toBe(en.rejection.truncated);
  for (const code of ["of_tomorrow", "toString", "", null, undefined]) {
    expect(faultsOf(es).rejected(code)).toBe(es.rejection.other);
  }
});

test("what_stands_on_a_tile_is_short_and_what_is_sent_is_kept", () => {
  for (const [words, isKept] of [
    [en, / kept\./],
    [es, /Se conserva /],
  ] as const) {
    for (const [code, { short, whole }] of Object.entries(words.rejection)) {
      expect(short.length, short).toBeLessThanOrEqual(20);
      expect(isKept.test(whole), whole).toBe(code !== "empty");
    }
  }
});
