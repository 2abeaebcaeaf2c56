/** What is kept on the phone, as values, and what follows from them. No IO: the present moment is an argument. */
import type { Phase } from "../api/types";
import type { FailReason, UploadState } from "../upload/items";

/** A place, in degrees (WGS 84). */
export interface Place {
  latitude: number;
  longitude: number;
}

export type KeptState =
  | { kind: "waiting" }
  /** No try can mend it without a person's doing. */
  | { kind: "stopped"; reason: FailReason }
  /** The server has shown that it has the photo; the bytes are gone from the phone. */
  | { kind: "safe" };

/** A photo on the phone; its bytes lie beside it. */
export interface KeptPhoto {
  /** Also the idempotency key: the same for every try, over restarts. */
  readonly id: string;
  /** The link it was taken with, whose token sends it; null while the job is not chosen. */
  linkId: string | null;
  /** Null for photos that were shared with the page and have no job yet. */
  jobId: string | null;
  /** The job's title when the photo was taken, by which a lost photo is named; absent in older records. */
  jobTitle?: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Hexadecimal; null where the browser cannot hash, as over plain HTTP. */
  readonly sha256: string | null;
  readonly phase: Phase | null;
  /** By the phone's clock, in milliseconds since 1970; null for pictures of the library, which say it themselves. */
  readonly takenAt: number | null;
  /** How far the phone's clock was ahead of the server's when the photo was taken, if that was known, in milliseconds. */
  readonly clockAheadMs: number | null;
  readonly place: Place | null;
  /** By the phone's clock, in milliseconds since 1970. */
  readonly addedAt: number;
  state: KeptState;
  /** The id of the last grant: whether it has arrived can be asked before the bytes are sent again. */
  photoId: string | null;
  /** Tries that failed since a person last looked after it. */
  tries: number;
  /** No earlier try than this, by the phone's clock. */
  notBefore: number;
  /** Which window or worker sends it now; it may be taken over once `until` has passed. */
  lease: Lease | null;
}

export interface Lease {
  owner: string;
  until: number;
}

/** A sender that has not said anything for this long is taken for dead. */
export const LEASE_MS = 20_000;
/** No pause is longer, so a later time can only come from a clock that was set back. */
const PAUSE_MS_MAX = 5 * 60_000;
/** Safe photos are remembered for a day, so that the page can say how many were. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Milliseconds until the photo may be tried, 0 for at once, null for one that waits for a person or is done. */
export function dueIn(photo: KeptPhoto, now: number): number | null {
  if (photo.state.kind !== "waiting" || photo.jobId === null || photo.linkId === null) return null;
  return Math.max(pauseLeft(photo.notBefore, now), leaseLeft(photo, now));
}

function pauseLeft(notBefore: number, now: number): number {
  const left = notBefore - now;
  return left > PAUSE_MS_MAX ? 0 : Math.max(left, 0);
}

function leaseLeft({ lease }: KeptPhoto, now: number): number {
  if (lease === null) return 0;
  const left = lease.until - now;
  // A clock that was set back must not lock a photo in; another window may have looked at it a moment later than this.
  return left > 2 * LEASE_MS ? 0 : Math.max(left, 0);
}

/** Whether a safe photo may be forgotten. */
export function isForgettable(photo: KeptPhoto, now: number): boolean {
  return photo.state.kind === "safe" && Math.abs(now - photo.addedAt) > REMEMBERED_MS;
}

/** What the page shows of a photo that this page is not sending at the moment. */
export function restingState(photo: KeptPhoto, now: number, online: boolean): UploadState {
  switch (photo.state.kind) {
    case "safe":
      return { kind: "stored", photoId: photo.photoId ?? "", listed: false };
    case "stopped":
      return { kind: "failed", reason: photo.state.reason };
    case "waiting": {
      if (!online) return { kind: "noSignal" };
      const left = pauseLeft(photo.notBefore, now);
      if (photo.tries === 0 || left === 0) return { kind: "waiting" };
      return { kind: "retrying", seconds: Math.ceil(left / 1000) };
    }
  }
}

/**
 * When a photo was taken by the server's clock. `skewMs` is how far the phone's clock is ahead; a little is left
 * alone, since the way of an answer through the network is in it.
 */
export function takenAtText(takenAt: number | null, skewMs: number): string | null {
  if (takenAt === null) return null;
  const wrong = Math.abs(skewMs) > 2 * 60_000;
  return new Date(takenAt - (wrong ? skewMs : 0)).toISOString();
}
