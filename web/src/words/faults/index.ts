import { useLanguage } from "..";
import { en, type FaultWords } from "./en";
import { es } from "./es";

/** What is said of a photo with a fault: `short` on its tile, `whole` where it is open. */
export interface Fault {
  short: string;
  whole: string;
}

/**
 * Faults of photos in words for those who may have another copy. The customer is told of none, and the customer's page
 * does without these texts.
 */
export interface Faults {
  /** A part of it is missing. */
  damaged: Fault;
  /** It can't be shown, for the server's reason; general words where these pages don't know the code. */
  rejected: (code: string | null | undefined) => Fault;
  /** Why this photo can't be shown. */
  unshown: (photo: { status: string; rejection?: string | null }) => Fault;
}

export function faultsOf({ damaged, missing, rejection }: FaultWords): Faults {
  const rejected = (code: string | null | undefined) => {
    const known = Object.hasOwn(rejection, code ?? "");
    return rejection[known ? (code as keyof typeof rejection) : "other"];
  };
  return {
    damaged,
    rejected,
    unshown: (photo) => (photo.status === "missing" ? missing : rejected(photo.rejection)),
  };
}

const languages = { en: faultsOf(en), es: faultsOf(es) };

/** In the reader's language. */
export function useFaults(): Faults {
  return languages[useLanguage()];
}
