import { askUpload, type UploadWish } from "../api/calls";
import { type Api, isAbort } from "../api/client";
import { ApiError } from "../api/problem";
import type { UploadGrant } from "../api/types";
import { postForm } from "./form";
import type { UploadItem, UploadState } from "./items";
import { grantFailure, pauseMs, SendError, TRIES_MAX } from "./retry";

/** Told of every state an upload passes through. */
export type Say = (state: UploadState) => void;

/**
 * Sends one file with bounded tries and ends in `stored` or `failed`, said through `say`. Ends without a word
 * when `signal` fires. True when the store has acknowledged the file.
 */
export async function send(
  api: Api,
  item: UploadItem,
  file: File,
  signal: AbortSignal,
  say: Say,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const failure = await sendOnce(api, item, file, signal, say);
    if (signal.aborted) return false;
    if (failure === null) return true;
    if (!failure.passing || tries >= TRIES_MAX) {
      say({ kind: "failed", reason: failure.reason });
      return false;
    }
    await pause(pauseMs(tries, Math.random(), failure.retryAfterMs), signal, say);
    if (signal.aborted) return false;
  }
}

/** One try: a fresh grant under the same idempotency key, then the form. Null when the photo is stored. */
async function sendOnce(
  api: Api,
  item: UploadItem,
  file: File,
  signal: AbortSignal,
  say: Say,
): Promise<SendError | null> {
  try {
    say({ kind: "preparing" });
    await mustBeReadable(file);
    const grant = await askGrant(api, wishOf(item), signal);
    say({ kind: "sending", sent: 0 });
    const onSent = (sent: number) =>
      say(sent < item.size ? { kind: "sending", sent } : { kind: "saving" });
    await postForm(grant, file, onSent, signal);
    say({ kind: "stored", photoId: grant.photo_id, listed: false });
    return null;
  } catch (error) {
    return error instanceof SendError ? error : new SendError("refused", false);
  }
}

function wishOf(item: UploadItem): UploadWish {
  return {
    job_id: item.jobId,
    photo_name: item.name,
    content_type: item.contentType,
    size: item.size,
    idempotency_key: item.id,
  };
}

/** Asks for the grant of one photo; throws SendError when it is refused, AbortError when `signal` fires. */
export async function askGrant(
  api: Api,
  wish: UploadWish,
  signal: AbortSignal,
): Promise<UploadGrant> {
  try {
    return await askUpload(api, wish, signal);
  } catch (error) {
    if (isAbort(error) || !(error instanceof ApiError)) throw error;
    throw grantFailure(error);
  }
}

/** A file that was moved or deleted since it was chosen would otherwise look like a lost network. */
async function mustBeReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new SendError("unreadable", false);
  }
}

/** Waits `ms` and says so every second; ends early when the network comes back or `signal` fires. */
function pause(ms: number, signal: AbortSignal, say: Say): Promise<void> {
  return new Promise((resolve) => {
    const end = performance.now() + ms;
    let timer = 0;
    const done = () => {
      window.clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const tell = () => {
      const left = end - performance.now();
      if (left <= 0) return done();
      say(
        navigator.onLine
          ? { kind: "retrying", seconds: Math.ceil(left / 1000) }
          : { kind: "noSignal" },
      );
      timer = window.setTimeout(tell, Math.min(1000, left));
    };
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
    tell();
  });
}
