import { deletePhoto, keepPhoto } from "./database";
import type { KeptPhoto } from "./kept";
import { enterPhoto } from "./ledger";
import { sha256 } from "./newPhoto";

/** How long the phone's store may take to write a photo before the page goes on with what it holds in memory. */
const KEEP_MS_MAX = 20_000;
/** How often a photo that the phone would not keep is offered to it again. */
const OFFER_AGAIN_MS = 15_000;

/** A photo whose file this page has in memory, until the server has shown it. */
export interface HeldPhoto {
  photo: KeptPhoto;
  readonly file: Blob;
  /** `refused`: only this page has it; `stored`: the phone's store has it too, as far as this page knows. */
  place: "keeping" | "stored" | "refused";
  /** When it was last offered to the phone's store. */
  offeredAt: number;
}

interface News {
  /** A photo was written, or could not be. */
  settled: (id: string, written: boolean) => void;
  /** Whether the page sends the photo at this moment. */
  isSent: (id: string) => boolean;
}

/**
 * The files of the photos that were added in this page. They are held beyond their writing: on a full disk Chromium drops
 * all that an origin has stored, and what it dropped is written again from here.
 */
export class HeldPhotos {
  readonly #photos = new Map<string, HeldPhoto>();
  /** Files are written one after another: many at once make a phone close the page. */
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly owner: string,
    private readonly news: News,
  ) {}

  add(photo: KeptPhoto, file: Blob): void {
    this.#photos.set(photo.id, { photo, file, place: "keeping", offeredAt: 0 });
    if (photo.state.kind !== "waiting") return;
    enterPhoto({ photo, status: "kept", owner: this.owner });
    this.offer(photo.id);
  }

  get(id: string): HeldPhoto | null {
    return this.#photos.get(id) ?? null;
  }

  all(): HeldPhoto[] {
    return [...this.#photos.values()];
  }

  /** Those that the phone's store does not have. */
  unsaved(): HeldPhoto[] {
    return this.all().filter(({ place }) => place !== "stored");
  }

  drop(id: string): void {
    this.#photos.delete(id);
  }

  change(id: string, change: (photo: KeptPhoto) => KeptPhoto): void {
    const held = this.#photos.get(id);
    if (held !== undefined) held.photo = change(held.photo);
  }

  /**
   * Compares with what the store has. True when it has lost photos that are held. A photo without a record that
   * `hasEnded`, as by a person in another window, is let go.
   */
  compare(stored: ReadonlyMap<string, KeptPhoto>, hasEnded: (id: string) => boolean): boolean {
    let lost = false;
    for (const [id, held] of this.#photos) {
      const record = stored.get(id);
      if (record !== undefined) {
        if (record.state.kind === "safe") this.#photos.delete(id);
        else Object.assign(held, { photo: { ...record, lease: null }, place: "stored" });
      } else if (hasEnded(id)) {
        this.#photos.delete(id);
      } else if (held.place === "stored") {
        held.place = "refused";
        lost = true;
      }
    }
    return lost;
  }

  /** Offers to the phone again one photo that it refused a while ago; the next follows once that one is written. */
  offerAgain(): void {
    const now = Date.now();
    const due = this.all().find(
      ({ photo, place, offeredAt }) =>
        place === "refused" &&
        photo.state.kind === "waiting" &&
        Math.abs(now - offeredAt) > OFFER_AGAIN_MS,
    );
    if (due !== undefined) this.offer(due.photo.id);
  }

  /** Has a photo written to the phone's disk when its turn comes. */
  offer(id: string): void {
    const held = this.#photos.get(id);
    if (held === undefined) return;
    held.offeredAt = Date.now();
    this.#writing = this.#writing
      .then(() => this.#write(id))
      .catch(() => {
        const refused = this.#photos.get(id);
        if (refused !== undefined) refused.place = "refused";
        this.news.settled(id, false);
      });
  }

  async #write(id: string): Promise<void> {
    const held = this.#photos.get(id);
    if (held === undefined || held.place === "stored" || held.photo.state.kind !== "waiting")
      return;
    if (this.news.isSent(id)) return;
    let bytes: ArrayBuffer;
    try {
      bytes = await held.file.arrayBuffer();
    } catch {
      held.photo = { ...held.photo, state: { kind: "stopped", reason: "unreadable" } };
      held.place = "refused";
      return this.news.settled(id, true);
    }
    const hash = held.photo.sha256 ?? (await sha256(bytes).catch(() => null));
    held.photo = { ...held.photo, sha256: hash };
    enterPhoto({ photo: held.photo, status: "kept", owner: this.owner });
    const written = keepPhoto(held.photo, bytes).then(async () => {
      // Removed, or sent from the page, while it was written.
      if (!this.#photos.has(id)) return deletePhoto(id);
      held.place = "stored";
    });
    await Promise.race([written, lateAfter(KEEP_MS_MAX)]);
    this.news.settled(id, true);
  }
}

function lateAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("too late")), ms));
}
