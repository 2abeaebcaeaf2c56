import { clockAheadMs } from "../api/client";
import type { Phase } from "../api/types";
import { randomId } from "../lib/random";
import { newItem } from "../upload/items";
import type { KeptPhoto, Place } from "./kept";

/** Where photos go. */
export interface Target {
  jobId: string;
  linkId: string;
  jobTitle: string;
}

export interface Details {
  phase: Phase | null;
  place: Place | null;
  /** From the camera just now, not from the library. */
  fresh: boolean;
}

let lastAdded = 0;
/** Further ahead than a batch can be: the clock was set back. */
const ORDER_MS_MAX = 60_000;

/** A photo as it is taken in; one that cannot be sent is stopped from the start and says why. */
export function newPhoto(file: File, target: Target | null, details: Details): KeptPhoto {
  const now = Date.now();
  // Photos of one moment stay in their order.
  lastAdded = now > lastAdded || lastAdded - now > ORDER_MS_MAX ? now : lastAdded + 1;
  const item = newItem(randomId(), target?.jobId ?? "", file);
  return {
    jobId: target?.jobId ?? null,
    linkId: target?.linkId ?? null,
    ...(target === null ? {} : { jobTitle: target.jobTitle }),
    id: item.id,
    name: item.name,
    size: item.size,
    contentType: item.contentType,
    sha256: null,
    phase: details.phase,
    takenAt: details.fresh ? now : null,
    clockAheadMs: clockAheadMs(),
    place: details.place,
    addedAt: lastAdded,
    state:
      item.state.kind === "failed"
        ? { kind: "stopped", reason: item.state.reason }
        : { kind: "waiting" },
    photoId: null,
    tries: 0,
    notBefore: 0,
    lease: null,
  };
}

/** Hexadecimal; null over plain HTTP, where browsers do not hash. */
export async function sha256(bytes: ArrayBuffer): Promise<string | null> {
  if (!globalThis.isSecureContext) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
