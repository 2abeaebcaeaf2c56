import type { Words } from "../words";

/**
 * What went wrong with a call, as the pages tell it apart:
 * `offline` no answer came; `signedOut` 401; `forbidden` 403; `notFound` 404; `busy` 429; `server` 5xx;
 * `invalid` any other refusal, usually of one `field`.
 */
export type ProblemKind =
  "offline" | "signedOut" | "forbidden" | "notFound" | "busy" | "server" | "invalid";

/** A call that failed. `detail` is the server's own English sentence and is shown only beside a form's field. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly kind: ProblemKind,
    /** The HTTP status, 0 when no answer came. */
    readonly status: number,
    readonly problem: Problem = {},
    /** How long the server asked us to wait, in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(problem.detail ?? kind);
  }
}

/** The members of `application/problem+json` (RFC 9457) that the pages read. */
export interface Problem {
  code?: string;
  detail?: string;
  field?: string;
  requestId?: string;
}

export function kindOf(status: number): ProblemKind {
  if (status === 401) return "signedOut";
  if (status === 403) return "forbidden";
  if (status === 404) return "notFound";
  if (status === 429) return "busy";
  if (status >= 500) return "server";
  return "invalid";
}

/** The error of an answer that is not 2xx; `body` is what it carried, of any shape. */
export function errorOf(response: Response, body: unknown): ApiError {
  return new ApiError(
    kindOf(response.status),
    response.status,
    readProblem(body),
    retryAfterMs(response.headers.get("retry-after")),
  );
}

function readProblem(body: unknown): Problem {
  if (typeof body !== "object" || body === null) return {};
  const members = body as Record<string, unknown>;
  const problem: Problem = {};
  for (const [ours, theirs] of [
    ["code", "code"],
    ["detail", "detail"],
    ["field", "field"],
    ["requestId", "request_id"],
  ] as const) {
    const value = members[theirs];
    if (typeof value === "string") problem[ours] = value;
  }
  return problem;
}

/** `Retry-After` in seconds (the form our server sends), at most a minute: longer is the person's own choice. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null || !/^\d{1,6}$/.test(header)) return null;
  return Math.min(Number(header), 60) * 1000;
}

/** One sentence for the reader about any failure. */
export function problemText(error: unknown, words: Words): string {
  if (!(error instanceof ApiError)) return words.errors.unexpected;
  return words.errors[error.kind];
}
