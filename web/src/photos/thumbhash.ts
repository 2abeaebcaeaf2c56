import { thumbHashToDataURL } from "thumbhash";

const kept = new Map<string, string>();
const KEPT_MAX = 2_000;

/** The blurred picture of a base64 thumbhash as a `data:` URL, null where there is none or it is malformed. */
export function thumbhashUrl(base64: string | null | undefined): string | null {
  if (!base64) return null;
  const known = kept.get(base64);
  if (known !== undefined) return known;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const url = thumbHashToDataURL(bytes);
    if (kept.size < KEPT_MAX) kept.set(base64, url);
    return url;
  } catch {
    return null;
  }
}
