import { useLanguage, useWords as useSharedWords } from "..";
import { en as sharedEn, type Words as SharedWords } from "../en";
import { es as sharedEs } from "../es";
import { type CaptureTexts, en } from "./en";
import { es } from "./es";

/** The texts of the capture page, those that all pages share among them. */
export type Words = SharedWords & CaptureTexts;

const languages: Record<"en" | "es", Words> = {
  en: { ...sharedEn, ...en },
  es: { ...sharedEs, ...es },
};

/** The texts in the reader's language, and that language for dates and numbers. */
export function useWords(): { words: Words; language: string } {
  const { language } = useSharedWords();
  return { words: languages[useLanguage()], language };
}
