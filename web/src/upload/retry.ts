/** When a failed try is made again, and after how long. Pure: the random number is an argument. */
import type { ApiError } from "../api/problem";
import type { FailReason } from "./items";

/** Tries of one file before it is left to the person. */
export const TRIES_MAX = 5;

const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;

/** A try that failed. */
export class SendError extends Error {
  override readonly name = "SendError";

  constructor(
    readonly reason: FailReason,
    /** Whether the same file may succeed a moment later without anybody's doing. */
    readonly passing: boolean,
    /** How long the server asked us to wait, in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(reason);
  }
}

/**
 * The pause after try number `tries` (from 1): doubling, at most 30 s, half of it random so that the phones of a
 * crew that regain signal together do not knock together. `random` is in [0, 1). Never shorter than what the
 * server asked for.
 */
export function pauseMs(tries: number, random: number, retryAfterMs: number | null): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), PAUSE_MS_MAX);
  return Math.max(full / 2 + (random * full) / 2, retryAfterMs ?? 0);
}

const PASSING_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** What a refused `POST /upload-url` means for the file. */
export function grantFailure(error: ApiError): SendError {
  if (error.kind === "offline") return new SendError("network", true);
  if (error.kind === "signedOut") return new SendError("signedOut", false);
  if (error.status === 507) return new SendError("full", false);
  if (PASSING_STATUSES.includes(error.status)) {
    return new SendError("server", true, error.retryAfterMs);
  }
  if (error.status === 413 || error.problem.field === "size") return new SendError("tooBig", false);
  if (error.status === 415 || error.problem.field === "content_type") {
    return new SendError("type", false);
  }
  return new SendError(REASON_OF.get(error.status) ?? "refused", false);
}

const REASON_OF: ReadonlyMap<number, FailReason> = new Map([
  [403, "forbidden"],
  [404, "jobGone"],
  [410, "deleted"],
]);

/**
 * What the store's answer to the form means. `code` is the `<Code>` of its XML body. A 403 is worth another try:
 * the form may have expired while it waited its turn, and each try asks for a fresh one.
 */
export function storeFailure(status: number, code: string): SendError {
  if (status === 0) return new SendError("network", true);
  if (status === 507) return new SendError("full", false);
  if (PASSING_STATUSES.includes(status)) return new SendError("server", true);
  if (status === 413 || code === "EntityTooLarge") return new SendError("tooBig", false);
  return new SendError("refused", status === 403);
}
