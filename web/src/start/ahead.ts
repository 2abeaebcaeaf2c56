/**
 * What a page will surely ask for is asked while its scripts are still on their way: a small script does that first, and
 * the client finds the answers here. On a slow line each of these calls would otherwise wait for the one before.
 */

/** A call that has had no answer for this long is given up; the page then makes its own. */
const AHEAD_MS_MAX = 20_000;

const asked = new Map<string, Promise<Response>>();

const nameOf = (method: string, url: string) => `${method} ${new URL(url, location.origin).href}`;

function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const call = fetch(url, { ...init, signal: AbortSignal.timeout(AHEAD_MS_MAX) });
  asked.set(nameOf(init.method ?? "GET", url), call);
  return call;
}

/** The answer to a call that was made ahead, once; null where there is none, or none that helps. */
export async function takeAhead(request: Request): Promise<Response | null> {
  const name = nameOf(request.method, request.url);
  const call = asked.get(name);
  if (call === undefined) return null;
  asked.delete(name);
  const response = await call.catch(() => null);
  return response?.ok ? response : null;
}

/** The token of a link's fragment (`#t=…`), null where there is none. */
export function tokenOf(fragment: string): string | null {
  const token = partOf(fragment, "t");
  return token === "" ? null : token;
}

/** The job that a link's fragment names (`#t=…&j=…`), null where it names none that could be one. */
export function jobIdOf(fragment: string): string | null {
  const jobId = partOf(fragment, "j");
  return jobId !== null && /^[\w-]{1,64}$/.test(jobId) ? jobId : null;
}

function partOf(fragment: string, name: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get(name);
}

/** The lists as the page will ask for them. */
export const JOBS_AHEAD = 100;
export const PHOTOS_AHEAD = 100;

/** A list of photos as the server sends it, none where it came to nothing: a hint, which nobody has checked. */
export type PhotosAhead = readonly Record<string, unknown>[];

/**
 * Asks for a customer's session, jobs and, where it is one job, photos; those are the answer. A link that names its job has the photos asked
 * for without the answer about the jobs, which alone says what the page shows: a wrong name costs a call and no more.
 */
export async function askForCustomer(): Promise<PhotosAhead> {
  const token = tokenOf(location.hash);
  const named = jobIdOf(location.hash);
  try {
    const config: unknown = await (await ask("/config.json")).clone().json();
    const headers = headersOf(config, token);
    const photos = (jobId: string) =>
      ask(`/list_photos?job_id=${encodeURIComponent(jobId)}&limit=${PHOTOS_AHEAD}`, { headers });
    const early =
      named === null
        ? null
        : photos(named)
            .then(photosIn)
            .catch(() => NONE);
    ask("/session", { method: token === null ? "GET" : "POST", headers }).catch(() => undefined);
    const jobs = await ask(`/jobs?limit=${JOBS_AHEAD}`, { headers });
    const jobId = onlyJobOf(await jobs.clone().json());
    if (jobId === null) return NONE;
    return await (jobId === named && early !== null ? early : photos(jobId).then(photosIn));
  } catch {
    // The page asks again and says what is wrong.
    return NONE;
  }
}

const NONE: PhotosAhead = [];

async function photosIn(response: Response): Promise<PhotosAhead> {
  const { photos = NONE } = (await response.clone().json()) as { photos?: PhotosAhead };
  return photos;
}

function headersOf(config: unknown, token: string | null): Record<string, string> {
  const { application_key: key } = config as { application_key: string };
  const who = token === null ? { "x-qdn-role": "customer" } : { authorization: `Bearer ${token}` };
  return { "x-api-key": key, ...who } as Record<string, string>;
}

function onlyJobOf(page: unknown): string | null {
  const { jobs = [] } = page as { jobs?: { job_id: string }[] };
  return jobs.length === 1 ? (jobs[0]?.job_id ?? null) : null;
}
