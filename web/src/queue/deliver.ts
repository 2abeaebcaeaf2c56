/** One try to bring a kept photo to the server. Runs in the page and in its service worker. */
import { readPhoto, type UploadWish } from "../api/calls";
import { type Api, clockAheadMs, isAbort } from "../api/client";
import { ApiError } from "../api/problem";
import type { UploadGrant } from "../api/types";
import type { FailReason, UploadState } from "../upload/items";
import { SendError } from "../upload/retry";
import { askGrant } from "../upload/send";
import { type KeptPhoto, takenAtText } from "./kept";

/** How long a server without room is left alone. */
const FULL_MS = 60_000;

/** Sends the form with the bytes; resolves when the store has acknowledged them. */
export type PostForm = (
  grant: UploadGrant,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface Tools {
  /** Signed in with the link that the photo was taken with. */
  api: Api;
  post: PostForm;
  signal: AbortSignal;
  /** Told of every state on the way. */
  say: (state: UploadState) => void;
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
export async function deliver(photo: KeptPhoto, bytes: Blob, tools: Tools): Promise<Outcome> {
  try {
    tools.say({ kind: "preparing" });
    if (photo.photoId !== null && (await isThere(photo, photo.photoId, tools.api))) {
      return { kind: "safe", photoId: photo.photoId };
    }
    const grant = await askGrant(tools.api, wishOf(photo), tools.signal);
    await tools.granted(grant.photo_id);
    tools.say({ kind: "sending", sent: 0 });
    const onSent = (sent: number) =>
      tools.say(sent < photo.size ? { kind: "sending", sent } : { kind: "saving" });
    await tools.post(grant, bytes, onSent, tools.signal);
    tools.say({ kind: "saving" });
    if (await isThere(photo, grant.photo_id, tools.api)) {
      return { kind: "safe", photoId: grant.photo_id };
    }
    return { kind: "again", reason: "server", afterMs: null };
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Whether the server has the photo, whole. */
async function isThere(photo: KeptPhoto, photoId: string, api: Api): Promise<boolean> {
  try {
    return (await readPhoto(api, photo.jobId ?? "", photoId)).size === photo.size;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "notFound") return false;
    throw error;
  }
}

function wishOf(photo: KeptPhoto): UploadWish {
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

function outcomeOf(error: unknown): Outcome {
  if (isAbort(error)) return { kind: "left" };
  if (error instanceof SendError) {
    const { reason, passing, retryAfterMs } = error;
    // Room may be made on the server while the photo waits.
    if (reason === "full") return { kind: "again", reason, afterMs: FULL_MS };
    return passing ? { kind: "again", reason, afterMs: retryAfterMs } : { kind: "stopped", reason };
  }
  if (error instanceof ApiError) {
    // Asking after a photo was refused: the link, or the network.
    if (error.kind === "signedOut") return { kind: "stopped", reason: "signedOut" };
    const reason = error.kind === "offline" ? "network" : "server";
    return { kind: "again", reason, afterMs: error.retryAfterMs };
  }
  // A bug of ours must not cost a photo: it stays, and is tried again.
  return { kind: "again", reason: "server", afterMs: null };
}
