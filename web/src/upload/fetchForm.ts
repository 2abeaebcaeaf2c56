import type { UploadGrant } from "../api/types";
import { anySignal } from "../lib/abort";
import { errorCodeOf, formOf } from "./form";
import { SendError, storeFailure } from "./retry";

/** How long the store may take to answer, besides the time of the bytes. */
const ANSWER_MS_MAX = 60_000;
/** The slowest line worth waiting for: 16 kB/s. */
const BYTES_PER_MS_MIN = 16;

/**
 * Submits the form where there is no XMLHttpRequest, as in a service worker. Nothing is known of the bytes on their
 * way, so the deadline is that of the slowest line worth waiting for. Rejects as `postForm` does.
 */
export async function fetchForm(
  grant: UploadGrant,
  file: Blob,
  _onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(ANSWER_MS_MAX + file.size / BYTES_PER_MS_MIN);
  let response: Response;
  try {
    response = await fetch(grant.url, {
      method: "POST",
      body: formOf(grant, file),
      signal: anySignal(signal, late),
    });
  } catch {
    signal.throwIfAborted();
    throw new SendError("network", true);
  }
  if (response.ok) return;
  const body = await response.text().catch(() => "");
  throw storeFailure(response.status, errorCodeOf(body));
}
