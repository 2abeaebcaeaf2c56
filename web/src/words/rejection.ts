import type { Words } from "./en";

/** What is said of a photo that can't be shown: general words where these pages don't know the server's code. */
export function rejectionText(
  code: string | null | undefined,
  { rejection }: Words,
): { short: string; whole: string } {
  const known = Object.hasOwn(rejection, code ?? "");
  return rejection[known ? (code as keyof typeof rejection) : "other"];
}
