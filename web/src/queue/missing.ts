import type { Api } from "../api/client";
import { abortAfter } from "../lib/abort";
import { createStore } from "../lib/store";
import { SendError } from "../upload/retry";
import { askGrant } from "../upload/send";
import { inTime, isThere, wishOf } from "./deliver";
import type { KeptPhoto } from "./kept";
import { type LedgerEntry, markEntry, strikeEntry } from "./ledger";

/** How long until a question that had no clear answer is asked again. */
const ASK_AGAIN_MS = 30_000;
const ASK_MS_MAX = 45_000;

/** A photo that the phone has lost. */
export interface MissingPhoto {
  readonly photo: KeptPhoto;
  /** False while the server may have it: another window or the service worker may have sent it. */
  readonly certain: boolean;
}

/** A link that this page has opened, and which jobs it is known to reach. */
export interface OpenedLink {
  api: Api;
  reaches: (jobId: string) => boolean;
}

/** The photos that stand in the ledger and nowhere else. The server is asked before one is called lost. */
export class MissingPhotos {
  readonly list = createStore<readonly MissingPhoto[]>([]);
  #entries: readonly LedgerEntry[] = [];
  /** Whether the phone's store could be read: what stands in a store that could not may still be there. */
  #readable = true;
  readonly #askedAt = new Map<string, number>();
  #asking = false;

  constructor(private readonly links: ReadonlyMap<string, OpenedLink>) {}

  /** Replaces the list by what the ledger has and the store has not, or could not show. */
  set(entries: readonly LedgerEntry[], readable: boolean): void {
    this.#entries = entries;
    this.#readable = readable;
    const before = this.list.get();
    const next = entries.map(({ photo, status }): MissingPhoto => ({
      photo,
      // One without a job has never been sent.
      certain: status === "lost" || (readable && photo.jobId === null),
    }));
    const same =
      before.length === next.length &&
      next.every(
        ({ photo, certain }, at) =>
          before[at]?.photo.id === photo.id && before[at].certain === certain,
      );
    if (!same) this.list.set(next);
  }

  /** Asks the server for each that it may have. True when something was found out. */
  async ask(): Promise<boolean> {
    if (this.#asking || !navigator.onLine) return false;
    this.#asking = true;
    let news = false;
    try {
      for (const entry of this.#entries) {
        const last = this.#askedAt.get(entry.photo.id);
        const asked = last !== undefined && Math.abs(Date.now() - last) < ASK_AGAIN_MS;
        const link = this.#linkFor(entry.photo);
        if (asked || link === null || entry.status === "lost") continue;
        this.#askedAt.set(entry.photo.id, Date.now());
        news = (await this.#askFor(entry.photo, link.api)) || news;
      }
    } finally {
      this.#asking = false;
    }
    return news;
  }

  /** A link whose "not found" can be believed. Under the photo's own key only the link that took it finds the upload. */
  #linkFor(photo: KeptPhoto): OpenedLink | null {
    const own = this.links.get(photo.linkId ?? "");
    if (own !== undefined) return own;
    if (photo.photoId === null) return null;
    return [...this.links.values()].find(({ reaches }) => reaches(photo.jobId ?? "")) ?? null;
  }

  async #askFor(photo: KeptPhoto, api: Api): Promise<boolean> {
    try {
      const photoId =
        photo.photoId ??
        (await inTime(askGrant(api, wishOf(photo), abortAfter(ASK_MS_MAX)))).photo_id;
      if (await isThere(photo, photoId, api)) strikeEntry(photo.id);
      else if (this.#readable)
        markEntry(photo.id, { status: "lost", photo: { ...photo, photoId } });
      else return false;
      return true;
    } catch (error) {
      // It had arrived, and staff deleted it since.
      const arrived = error instanceof SendError && error.reason === "deleted";
      if (arrived) strikeEntry(photo.id);
      return arrived;
    }
  }
}
