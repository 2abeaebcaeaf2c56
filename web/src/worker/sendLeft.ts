import { randomId } from "../lib/random";
import { claimPhoto, keptPhotos } from "../queue/database";
import { workOn } from "../queue/work";
import { fetchForm } from "../upload/fetchForm";

/** A browser lets a worker run for a few minutes at most; what is left then waits for the next call. */
const WORK_MS_MAX = 3 * 60_000;

/** Sends what is due, one after another. Rejects when something is left, so that the browser calls again later. */
export async function sendLeft(): Promise<void> {
  const owner = randomId();
  const stop = AbortSignal.timeout(WORK_MS_MAX);
  while (!stop.aborted) {
    const photo = await claimPhoto(owner, Date.now());
    if (photo === null) break;
    await workOn(photo, owner, fetchForm, stop, () => undefined);
  }
  const photos = await keptPhotos(Date.now());
  if (photos.some(({ state, jobId }) => state.kind === "waiting" && jobId !== null)) {
    throw new Error("some photos are still only on this phone");
  }
}
