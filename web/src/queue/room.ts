import { createStore } from "../lib/store";

/** How much room the phone has for photos: `full` once a write was refused. */
export type Room = "enough" | "low" | "full";

/** Below this the page warns: some eighty photos of a phone's camera. */
export const LOW_BYTES = 300_000_000;
/**
 * How long the store is left alone after it has refused a write, twice as long after each further one: in Chromium each
 * refused write may cost all photos.
 */
const REFUSED_MS = 15_000;
const REFUSED_MS_MAX = 4 * 60_000;
/** An estimate is asked for at most this often. */
const ESTIMATE_MS = 10_000;

/** What an estimate of the browser means. Pure. Chromium answers with a quota that hides how full the disk is. */
export function roomOf({ quota, usage }: StorageEstimate): Exclude<Room, "full"> {
  if (quota === undefined || usage === undefined) return "enough";
  return quota - usage < LOW_BYTES ? "low" : "enough";
}

/** Watches how much room the phone has. */
export class RoomWatch {
  readonly room = createStore<Room>("enough");
  #refusedAt: number | null = null;
  /** The pause after the last refused write. */
  #pauseMs = 0;
  #askedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `hasUnsaved`: whether a photo waits that the phone has refused. */
  constructor(private readonly hasUnsaved: () => boolean) {}

  /** A write was refused, or the browser dropped what was stored. */
  refused(): void {
    // Writes that were under way together are refused together, and count once.
    if (this.mayWrite()) {
      this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, REFUSED_MS), REFUSED_MS_MAX);
    }
    this.#refusedAt = Date.now();
    this.room.set("full");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), this.#pauseMs + 1_000);
  }

  /** A photo was written, or none is left to write. */
  accepted(): void {
    if (this.#refusedAt === null) return;
    this.#refusedAt = null;
    this.#pauseMs = 0;
    this.room.set("enough");
    void this.look();
  }

  /** Somebody looks at the page, and may have made room: the pause begins anew with the shortest. */
  wake(): void {
    if (this.#refusedAt !== null) this.#pauseMs = REFUSED_MS;
  }

  /** Whether a record may be written that can also be done without. */
  mayWrite(): boolean {
    return this.#refusedAt === null || Math.abs(Date.now() - this.#refusedAt) > this.#pauseMs;
  }

  /**
   * Looks how much room there is. With nothing left to write no write will be accepted: what a refused one has said is
   * then dropped after a while.
   */
  async look(): Promise<void> {
    if (this.#refusedAt !== null && this.mayWrite() && !this.hasUnsaved()) this.accepted();
    if (this.#refusedAt !== null || Math.abs(Date.now() - this.#askedAt) < ESTIMATE_MS) return;
    this.#askedAt = Date.now();
    const estimate = await navigator.storage?.estimate?.().catch(() => null);
    if (estimate && this.#refusedAt === null) this.room.set(roomOf(estimate));
  }
}
