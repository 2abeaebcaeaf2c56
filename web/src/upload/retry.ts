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

/** Statuses that pass by themselves; 5xx beyond those of HTTP are what proxies in front answer. */
function passes(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/**
 * What a refused `POST /upload-url` means for the file. Only our own server, which gives every refusal a code, can make
 * it stop: a bare 404 is that of a proxy whose server is being replaced.
 */
export function grantFailure(error: ApiError): SendError {
  const { status, problem } = error;
  if (error.kind === "offline") return new SendError("network", true);
  if (status === 507) return new SendError("full", false);
  if (passes(status) || problem.code === undefined) {
    return new SendError("server", true, error.retryAfterMs);
  }
  if (status === 401) {
    // A key that was changed is the page's affair, and mended by its next opening.
    return problem.code.startsWith("token")
      ? new SendError("signedOut", false)
      : new SendError("server", true);
  }
  if (status === 413 || problem.field === "size") return new SendError("tooBig", false);
  if (status === 415 || problem.field === "content_type") return new SendError("type", false);
  return new SendError(REASON_OF.get(status) ?? "refused", false);
}

const REASON_OF: ReadonlyMap<number, FailReason> = new Map([
  [403, "forbidden"],
  [404, "jobGone"],
  [410, "deleted"],
]);

/** Refusals of S3 that the same bytes may not meet again: slow lines, damage on the way, credentials that ended. */
const PASSING_CODES: readonly string[] = [
  "BadDigest",
  "ExpiredToken",
  "IncompleteBody",
  "OperationAborted",
  "RequestTimeout",
  "SlowDown",
  "XAmzContentSHA256Mismatch",
];

/**
 * What the store's answer to the form means. `code` is the `<Code>` of its XML body, empty for an answer that is not the
 * store's own. A 403 is worth another try: the form may have expired while it waited its turn, and each try asks for a
 * fresh one.
 */
export function storeFailure(status: number, code: string): SendError {
  if (status === 0) return new SendError("network", true);
  if (status === 507) return new SendError("full", false);
  if (passes(status) || PASSING_CODES.includes(code) || (status === 404 && code === "")) {
    return new SendError("server", true);
  }
  if (status === 413 || code === "EntityTooLarge") return new SendError("tooBig", false);
  return new SendError("refused", status === 403);
}
