/** One try to bring a kept photo to the server. Runs in the page and in its service worker. */
import { readPhoto, type UploadWish } from "../api/calls";
import { type Api, clockAheadMs, isAbort } from "../api/client";
import { ApiError } from "../api/problem";
import type { UploadGrant } from "../api/types";
import type { FailReason, UploadState } from "../upload/items";
import { SendError } from "../upload/retry";
import { askGrant } from "../upload/send";
import { type KeptPhoto, takenAtText } from "./kept";

/** How long a server is left alone that has no room, or refuses what it granted: the longest pause of the queue. */
const LONG_MS = 5 * 60_000;
/** How long one call to the API may take, body and all. */
const CALL_MS_MAX = 45_000;

/** Sends the form with the bytes; resolves when the store has acknowledged them. */
export type PostForm = (
  grant: UploadGrant,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface Tools {
  /** Signed in with a link that reaches the photo's job. */
  api: Api;
  post: PostForm;
  signal: AbortSignal;
  /** Told of every state on the way. */
  say: (state: UploadState) => void;
  /** The photo itself, read only once it is to be sent; null when the phone has lost it. */
  bytes: () => Promise<Blob | null>;
  /** Told of the photo's id before any byte is sent, so that a lost answer can be asked for later. */
  granted: (photoId: string) => Promise<unknown>;
}

export type Outcome =
  | { kind: "safe"; photoId: string }
  /** May succeed a moment later without anybody's doing. */
  | { kind: "again"; reason: FailReason; afterMs: number | null }
  | { kind: "stopped"; reason: FailReason }
  /** `signal` fired. */
  | { kind: "left" };

/**
 * Brings one photo to the server. "Safe" is said only after the server has shown the photo in an answer of its own,
 * which is not the one that took the bytes: the copy on the phone is let go on its word.
 */
export async function deliver(photo: KeptPhoto, tools: Tools): Promise<Outcome> {
  const { api, say, signal } = tools;
  try {
    say({ kind: "preparing" });
    if (photo.photoId !== null && (await isThere(photo, photo.photoId, api))) {
      return { kind: "safe", photoId: photo.photoId };
    }
    const grant = await inTime(askGrant(api, wishOf(photo), signal));
    await tools.granted(grant.photo_id);
    const bytes = await tools.bytes();
    if (bytes === null) return { kind: "stopped", reason: "unreadable" };
    say({ kind: "sending", sent: 0 });
    const onSent = (sent: number) =>
      say(sent < photo.size ? { kind: "sending", sent } : { kind: "saving" });
    await tools.post(grant, bytes, onSent, signal);
    say({ kind: "saving" });
    if (await isThere(photo, grant.photo_id, api)) {
      return { kind: "safe", photoId: grant.photo_id };
    }
    return { kind: "again", reason: "server", afterMs: null };
  } catch (error) {
    return outcomeOf(error, photo.tries);
  }
}

/** Whether the server has the photo, whole. */
export async function isThere(photo: KeptPhoto, photoId: string, api: Api): Promise<boolean> {
  try {
    return (await inTime(readPhoto(api, photo.jobId ?? "", photoId))).size === photo.size;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "notFound") return false;
    throw error;
  }
}

/** An answer whose head came in time may still stall in the middle. */
export function inTime<T>(call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new SendError("network", true));
    const timer = setTimeout(late, CALL_MS_MAX);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export function wishOf(photo: KeptPhoto): UploadWish {
  const takenAt = takenAtText(photo.takenAt, photo.clockAheadMs ?? clockAheadMs() ?? 0);
  return {
    job_id: photo.jobId ?? "",
    photo_name: photo.name,
    content_type: photo.contentType,
    size: photo.size,
    idempotency_key: photo.id,
    ...(photo.sha256 === null ? {} : { sha256: photo.sha256 }),
    ...(photo.phase === null ? {} : { phase: photo.phase }),
    ...(takenAt === null ? {} : { taken_at: takenAt }),
    ...(photo.place === null ? {} : { location: photo.place }),
  };
}

function outcomeOf(error: unknown, tries: number): Outcome {
  if (isAbort(error)) return { kind: "left" };
  if (error instanceof SendError) {
    const { reason, passing, retryAfterMs } = error;
    // Room may be made on the server while the photo waits.
    if (reason === "full") return { kind: "again", reason, afterMs: LONG_MS };
    if (!passing) return { kind: "stopped", reason };
    // A form that is refused again though it is fresh: each try costs the phone a whole photo.
    const stubborn = reason === "refused" && tries > 0;
    return { kind: "again", reason, afterMs: stubborn ? LONG_MS : retryAfterMs };
  }
  if (error instanceof ApiError) {
    // Asking after a photo was refused: the link, or the network.
    if (error.problem.code === "token_invalid") return { kind: "stopped", reason: "signedOut" };
    const reason = error.kind === "offline" ? "network" : "server";
    return { kind: "again", reason, afterMs: error.retryAfterMs };
  }
  // A bug of ours must not cost a photo: it stays, and is tried again.
  return { kind: "again", reason: "server", afterMs: null };
}
