import createClient, { type Client } from "openapi-fetch";
import { takeAhead } from "../start/ahead";
import type { paths } from "./generated";
import { ApiError, errorOf } from "./problem";
import type { Role } from "./types";

export type Api = Client<paths>;

/** A call that has had no answer for this long is given up, so that no wait is without end. */
const CALL_MS_MAX = 20_000;

/** Who calls: the application's publishable key, and the role whose session cookie is meant. */
export interface Caller {
  applicationKey: string;
  role(): Role;
  /** Signs in again with the link's own token where the page still has it; true when that worked. */
  renew(): Promise<boolean>;
  /** The link's own token, for a caller that does not lean on the session cookie. */
  token?: string;
}

let ahead: number | null = null;

/** How many milliseconds this device's clock is ahead of the server's, null before the first answer. */
export function clockAheadMs(): number | null {
  return ahead;
}

function noteServerTime(response: Response): void {
  const server = Date.parse(response.headers.get("date") ?? "");
  if (!Number.isNaN(server)) ahead = Date.now() - server;
}

/**
 * The typed client of the HTTP contract. Two links of one role in one browser share a cookie, so a 401 or a 404
 * may only mean that the other link was opened last: we sign in again and ask once more before believing it.
 */
export function createApi(caller: Caller): Api {
  const send = async (request: Request): Promise<Response> => {
    const early = await takeAhead(request);
    if (early !== null) return early;
    const spare = request.clone();
    const response = await fetchInTime(withCaller(request, caller));
    if (response.status !== 401 && response.status !== 404) return response;
    // A call that brings a token of its own is the signing in; it does not lean on the cookie.
    if (request.headers.has("authorization")) return response;
    return (await caller.renew()) ? fetchInTime(withCaller(spare, caller)) : response;
  };
  return createClient<paths>({ baseUrl: location.origin, fetch: send });
}

function withCaller(request: Request, caller: Caller): Request {
  if (caller.applicationKey !== "") request.headers.set("x-api-key", caller.applicationKey);
  if (request.headers.has("authorization")) return request;
  if (caller.token === undefined) request.headers.set("x-qdn-role", caller.role());
  else request.headers.set("authorization", `Bearer ${caller.token}`);
  return request;
}

/** `fetch` with an end: rejects with an `offline` ApiError when no answer comes in time or at all. */
export async function fetchInTime(request: Request): Promise<Response> {
  const controller = new AbortController();
  const stop = () => controller.abort(request.signal.reason);
  request.signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => controller.abort(), CALL_MS_MAX);
  try {
    const response = await fetch(request, { signal: controller.signal });
    noteServerTime(response);
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError("offline", 0);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", stop);
  }
}

/** The body of a successful answer; throws ApiError otherwise. Wraps every call of the client. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw errorOf(response, error);
  return data as T;
}

/** True for the rejection of a call that we stopped ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
