import { abortAfter } from "../lib/abort";
import { randomId } from "../lib/random";
import { claimPhoto, keptPhotos } from "../queue/database";
import { dueIn, type KeptPhoto } from "../queue/kept";
import { workOn } from "../queue/work";
import { fetchForm } from "../upload/fetchForm";
import { scope } from "./scope";

/** A browser lets a worker run for a few minutes at most; what is left then waits for the next call. */
const WORK_MS_MAX = 3 * 60_000;
/** How long it waits for the next photo at a time: windows that send may be closed meanwhile. */
const LOOK_MS = 2_000;

/**
 * Sends what is due, one after another, and what becomes due meanwhile: a window that was closed in mid-upload holds its
 * photo for a moment longer. Rejects when something is left, so that the browser calls again later.
 */
export async function sendLeft(): Promise<void> {
  const owner = randomId();
  const stop = abortAfter(WORK_MS_MAX);
  /** Photos whose record the phone's store did not take, or that are left to a page: each is tried once a run. */
  const tried = new Set<string>();
  while (!stop.aborted) {
    const photo = await nextPhoto(owner, tried);
    if (photo !== null) {
      const { stored, outcome } = await workOn(photo, {
        owner,
        post: fetchForm,
        signal: stop,
        say: () => undefined,
        apiOfOpened: () => null,
        held: () => null,
        mayBeHeld: isPageOpen,
        onGrant: () => undefined,
        // A worker has no ledger: the next page compares it with the store, and asks the server.
        onSafe: () => undefined,
      });
      if (stored !== "written" || outcome.kind === "safe" || outcome.kind === "left")
        tried.add(photo.id);
      continue;
    }
    const wait = await nextWait(tried);
    if (wait === null) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LOOK_MS)));
  }
  if ((await nextWait(new Set())) === null) return;
  throw new Error("some photos are still only on this phone");
}

/** Whether a page is open that may hold files which the phone's store has lost. */
async function isPageOpen(): Promise<boolean> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.some(({ url }) => new URL(url).pathname.startsWith("/capture/"));
}

/** The oldest photo that is due. A disk that is full cannot note who sends it, and it is sent all the same. */
async function nextPhoto(owner: string, tried: ReadonlySet<string>): Promise<KeptPhoto | null> {
  const now = Date.now();
  try {
    return await claimPhoto(owner, now, tried);
  } catch {
    const photos = await keptPhotos();
    return photos.find((photo) => !tried.has(photo.id) && dueIn(photo, now) === 0) ?? null;
  }
}

/** Milliseconds until the next photo is due, null when none waits; those of `tried` are left out. */
async function nextWait(tried: ReadonlySet<string>): Promise<number | null> {
  const now = Date.now();
  const photos = (await keptPhotos()).filter(({ id }) => !tried.has(id));
  const waits = photos.map((photo) => dueIn(photo, now));
  return waits.reduce((least, wait) => {
    if (wait === null) return least;
    return least === null ? wait : Math.min(least, wait);
  }, null);
}
