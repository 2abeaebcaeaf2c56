import type { UploadGrant } from "../api/types";
import { SendError, storeFailure } from "./retry";

/** A form whose bytes have not moved for this long is stopped and tried again. */
const STALL_MS_MAX = 30_000;
/** How long the store may take to answer once it has every byte: it writes them to disk first. */
const ANSWER_MS_MAX = 60_000;

/**
 * Submits the presigned form straight to the store and resolves when the store has acknowledged the bytes.
 * XMLHttpRequest, because `fetch` cannot tell how much of a body is sent. Rejects with SendError, or with
 * AbortError when `signal` fires.
 */
export function postForm(
  grant: UploadGrant,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const patience = (ms: number) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => request.abort(), ms);
    };
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });

    request.upload.onprogress = ({ loaded, total }) => {
      patience(loaded < total ? STALL_MS_MAX : ANSWER_MS_MAX);
      onSent(fileBytesSent(loaded, total, file.size));
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(storeFailure(request.status, errorCodeOf(request.responseText)));
    };
    request.onerror = () => reject(new SendError("network", true));
    request.onabort = () => reject(signal.aborted ? signal.reason : new SendError("network", true));
    request.onloadend = () => {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };

    request.open("POST", grant.url);
    patience(STALL_MS_MAX);
    request.send(formOf(grant, file));
  });
}

/** The form as S3 wants it: every field as given, the file last. */
export function formOf(grant: UploadGrant, file: Blob): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(grant.fields)) form.append(name, value);
  form.append("file", file);
  return form;
}

/**
 * Bytes of the file among `loaded` bytes of a form of `total`: the fields go first and are not counted, so the
 * number never claims more than was sent.
 */
export function fileBytesSent(loaded: number, total: number, size: number): number {
  return Math.min(Math.max(loaded - Math.max(total - size, 0), 0), size);
}

/** The `<Code>` of an S3 error body, empty where there is none. */
export function errorCodeOf(body: string): string {
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(body)?.[1] ?? "";
}
