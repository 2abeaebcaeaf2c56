import { createStore, useStore } from "../lib/store";
import { en, type Words } from "./en";
import { es } from "./es";

export type { Words };

const languages = { en, es };
export type Language = keyof typeof languages;

/** Where a choice made by hand is kept; without one the browser's languages decide. */
const keptUnder = "qdn-language";

/** The first of `wanted` (BCP 47 tags, best first) that we speak; English otherwise. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0];
    if (base === "en" || base === "es") return base;
  }
  return "en";
}

function firstLanguage(): Language {
  if (typeof navigator === "undefined") return "en";
  const kept = readKept();
  return pickLanguage(kept === null ? navigator.languages : [kept, ...navigator.languages]);
}

function readKept(): string | null {
  try {
    return localStorage.getItem(keptUnder);
  } catch {
    // Storage is switched off in some private windows; the choice then lasts as long as the page.
    return null;
  }
}

const current = createStore<Language>(firstLanguage());

export function useLanguage(): Language {
  return useStore(current);
}

/** The texts in the reader's language, and that language for dates and numbers. */
export function useWords(): { words: Words; language: string } {
  const language = useLanguage();
  return { words: languages[language], language: localeOf(language) };
}

/** The reader's own regional form where it is of the chosen language: en-GB writes dates unlike en-US. */
function localeOf(language: Language): string {
  return (
    navigator.languages.find(
      (tag) => pickLanguage([tag]) === language && tag.toLowerCase().startsWith(language),
    ) ?? language
  );
}

/** The chosen language as an attribute of the document, for screen readers and hyphenation. */
export function announceLanguage(): void {
  document.documentElement.lang = current.get();
}

/** Changes between the two languages and keeps the choice on this device. */
export function switchLanguage(): void {
  const next: Language = current.get() === "en" ? "es" : "en";
  try {
    localStorage.setItem(keptUnder, next);
  } catch {
    // See readKept.
  }
  current.set(next);
  announceLanguage();
}
