import { abortAfter } from "../lib/abort";
import { randomId } from "../lib/random";
import { claimPhoto, keptPhotos } from "../queue/database";
import { dueIn } from "../queue/kept";
import { workOn } from "../queue/work";
import { fetchForm } from "../upload/fetchForm";

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
  while (!stop.aborted) {
    const photo = await claimPhoto(owner, Date.now(), new Set());
    if (photo !== null) {
      await workOn(photo, {
        owner,
        post: fetchForm,
        signal: stop,
        say: () => undefined,
        apiOfOpened: () => null,
      });
      continue;
    }
    const wait = await nextWait();
    if (wait === null) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LOOK_MS)));
  }
  throw new Error("some photos are still only on this phone");
}

/** Milliseconds until the next photo is due, null when none waits. */
async function nextWait(): Promise<number | null> {
  const now = Date.now();
  const waits = (await keptPhotos(now)).map((photo) => dueIn(photo, now));
  return waits.reduce((least, wait) => {
    if (wait === null) return least;
    return least === null ? wait : Math.min(least, wait);
  }, null);
}
