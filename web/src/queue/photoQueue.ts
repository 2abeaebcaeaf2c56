import type { Api } from "../api/client";
import type { Phase } from "../api/types";
import { randomId } from "../lib/random";
import { createStore } from "../lib/store";
import { postForm } from "../upload/form";
import { canRetry, isActive, type UploadItem, type UploadState } from "../upload/items";
import { makePreview } from "../upload/preview";
import type { UploadNews } from "../upload/uploads";
import {
  changePhoto,
  claimPhoto,
  forgetPhoto,
  keepPhoto,
  keepPreview,
  keptPhotos,
  onOthersChange,
  photoBytes,
  preview,
} from "./database";
import { deliver, type Outcome } from "./deliver";
import { dueIn, type KeptPhoto, restingState } from "./kept";
import { type Details, newPhoto, sha256, type Target } from "./newPhoto";
import { afterTry, type Sender, workOn } from "./work";

/** Photos sent at one time: more would share the same thin line and fail together. */
const AT_ONCE_MAX = 2;
/** A phone that says it has no network is asked to try all the same, this often: it may be mistaken. */
const OFFLINE_TRY_MS = 60_000;
/** How long the phone's store may take to write a photo before the page goes on with what it holds in memory. */
const KEEP_MS_MAX = 20_000;
/** How often a photo that the phone would not keep is offered to it again. */
const OFFER_AGAIN_MS = 15_000;
/** How long the queue rests when the phone's store would not write down what became of a try. */
const STORE_FAILED_MS = 15_000;
/** The longest rest, after tries that found no network. */
const REST_MS_MAX = 30_000;

/** A photo of the queue as the page shows it. */
export interface QueueItem extends UploadItem {
  /** `page`: the phone had no room, so that closing the page would lose it. */
  readonly where: "phone" | "page";
  readonly phase: Phase | null;
}

/** What changes when a photo gets a job: to the server it is another photo, unless it is the same job. */
function moved(photo: KeptPhoto, target: Target): Partial<KeptPhoto> {
  const photoId = photo.jobId === target.jobId ? photo.photoId : null;
  return {
    ...target,
    photoId,
    state: { kind: "waiting" },
    tries: 0,
    notBefore: 0,
    lease: null,
  };
}

/** Whether only another link can send it. */
function isLost({ state }: KeptPhoto): boolean {
  return state.kind === "stopped" && ["signedOut", "forbidden", "jobGone"].includes(state.reason);
}

function lateAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("too late")), ms));
}

/** Whether this phone has the only copy, as far as it is known. */
export function isOnlyHereItem({ state }: QueueItem): boolean {
  return state.kind !== "stored";
}

/** A photo that only this page has, because the phone could not keep it, or has not yet. */
interface Loose {
  photo: KeptPhoto;
  file: Blob;
  /** False while the phone may still take it. */
  refused: boolean;
  /** When it was last offered to the phone. */
  offeredAt: number;
}

/**
 * The photos of this phone on their way to the server. They are on the phone's disk before anything else happens to
 * them, and leave it only when the server has shown that it has them.
 */
export class PhotoQueue implements UploadNews {
  /** Every photo, oldest first. */
  readonly items = createStore<readonly QueueItem[]>([]);
  /** Null until the phone's store was read; then whether it can be used at all. */
  readonly canKeep = createStore<boolean | null>(null);
  readonly #owner = randomId();
  #kept: readonly KeptPhoto[] = [];
  readonly #loose = new Map<string, Loose>();
  readonly #live = new Map<string, UploadState>();
  readonly #stops = new Map<string, AbortController>();
  readonly #previews = new Map<string, string>();
  /** Photos whose preview was looked for. */
  readonly #sought = new Set<string>();
  readonly #listed = new Set<string>();
  readonly #storedListeners = new Set<(jobId: string) => void>();
  /** Files are written one after another, and previewed so: many at once make a phone close the page. */
  #keeping: Promise<void> = Promise.resolve();
  #previewing: Promise<void> = Promise.resolve();
  /** The links opened in this page, for when the phone's store cannot be read. */
  readonly #apis = new Map<string, Api>();
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #timer = 0;
  #pumping = false;
  #lastTry = 0;
  #restUntil = 0;
  /** Tries in a row that found no network, whatever the phone says of it. */
  #silences = 0;

  /** Reads what is kept and begins to send it. */
  start(): void {
    onOthersChange(() => void this.#reload());
    window.addEventListener("online", () => void this.#wake());
    window.addEventListener("offline", () => this.#publish());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.#wake();
      else if (this.items.get().some(({ state }) => isActive({ state }))) void registerSync();
    });
    window.addEventListener("beforeunload", (event) => {
      if (![...this.#loose.values()].some(({ photo }) => photo.state.kind === "waiting")) return;
      event.preventDefault();
      // Browsers of 2023 ask only then.
      event.returnValue = true;
    });
    void this.#reload();
  }

  /** Lets photos be sent with a link that was just opened. */
  useLink(linkId: string, api: Api): void {
    this.#apis.set(linkId, api);
  }

  /** Takes photos in. Each is shown at once and says honestly where it is. */
  add(files: Iterable<File>, target: Target, details: Details): void {
    for (const file of files) {
      const photo = newPhoto(file, target, details);
      this.#loose.set(photo.id, { photo, file, refused: false, offeredAt: 0 });
      if (photo.state.kind !== "waiting") continue;
      this.#live.set(photo.id, { kind: "keeping" });
      this.#offer(photo.id);
      this.#previewing = this.#previewing
        .then(() => this.#makePreview(photo.id, file))
        .catch(() => undefined);
    }
    this.#publish();
  }

  /** Has a photo written to the phone's disk when its turn comes. */
  #offer(id: string): void {
    const loose = this.#loose.get(id);
    if (loose === undefined) return;
    loose.offeredAt = Date.now();
    this.#keeping = this.#keeping.then(() => this.#keep(id)).catch(() => this.#refuse(id));
  }

  /** Tries again what stopped, or at once what waits for its next try. */
  async retry(id: string): Promise<void> {
    const again = (photo: KeptPhoto): KeptPhoto | null =>
      photo.state.kind === "safe" ||
      (photo.state.kind === "stopped" && !canRetry(photo.state.reason))
        ? null
        : { ...photo, state: { kind: "waiting" }, tries: 0, notBefore: 0 };
    const loose = this.#loose.get(id);
    if (loose !== undefined) loose.photo = again(loose.photo) ?? loose.photo;
    else await changePhoto(id, again);
    await this.#reload();
  }

  /** Gives photos another job, or the first one they get. */
  async move(ids: readonly string[], target: Target): Promise<void> {
    for (const id of ids) {
      this.#stops.get(id)?.abort();
      await changePhoto(id, (photo) =>
        photo.state.kind === "safe" ? null : { ...photo, ...moved(photo, target) },
      );
    }
    await this.#reload();
  }

  /** Sends with a link that works what others cannot send any more. */
  async adopt(linkId: string, reaches: (jobId: string) => boolean): Promise<void> {
    await this.#reload();
    for (const photo of this.#kept) {
      if (!isLost(photo) || photo.jobId === null || !reaches(photo.jobId)) continue;
      await changePhoto(photo.id, (kept) =>
        isLost(kept)
          ? { ...kept, linkId, state: { kind: "waiting" }, tries: 0, notBefore: 0 }
          : null,
      );
    }
    await this.#reload();
  }

  /** Takes a photo off the phone. Only a person says so. */
  async remove(id: string): Promise<void> {
    this.#stops.get(id)?.abort();
    this.#loose.delete(id);
    this.#dropPreview(id);
    await forgetPhoto(id).catch(() => undefined);
    await this.#reload();
  }

  /** The file of a photo that is still on this phone, to save or send it some other way. */
  async file(id: string): Promise<File | null> {
    const item = this.items.get().find((one) => one.id === id);
    const loose = this.#loose.get(id)?.file;
    const bytes = loose ?? (await photoBytes(id));
    return item === undefined || bytes === null
      ? null
      : new File([bytes], item.name, { type: item.contentType });
  }

  noteListed(photoIds: readonly string[]): void {
    for (const id of photoIds) this.#listed.add(id);
    this.#publish();
  }

  onStored(listener: (jobId: string) => void): () => void {
    this.#storedListeners.add(listener);
    return () => this.#storedListeners.delete(listener);
  }

  /** Writes a photo to the phone's disk; where that fails the page goes on with what it holds in memory. */
  async #keep(id: string): Promise<void> {
    const loose = this.#loose.get(id);
    if (loose === undefined || loose.photo.state.kind !== "waiting" || this.#stops.has(id)) return;
    let bytes: ArrayBuffer;
    try {
      bytes = await loose.file.arrayBuffer();
    } catch {
      this.#live.delete(id);
      loose.photo = { ...loose.photo, state: { kind: "stopped", reason: "unreadable" } };
      return this.#publish();
    }
    const hash = loose.photo.sha256 ?? (await sha256(bytes).catch(() => null));
    loose.photo = { ...loose.photo, sha256: hash };
    const written = keepPhoto(loose.photo, bytes).then(async () => {
      // Removed, or sent from the page, while it was written.
      if (!this.#loose.delete(id)) await forgetPhoto(id);
    });
    await Promise.race([written, lateAfter(KEEP_MS_MAX)]);
    this.#live.delete(id);
    await this.#reload();
    void registerSync();
  }

  async #refuse(id: string): Promise<void> {
    const loose = this.#loose.get(id);
    if (loose !== undefined) loose.refused = true;
    this.#live.delete(id);
    await this.#reload();
  }

  async #makePreview(id: string, file: Blob): Promise<void> {
    const jpeg = await makePreview(file);
    if (jpeg === null || !this.items.get().some((item) => item.id === id)) return;
    this.#dropPreview(id);
    this.#previews.set(id, URL.createObjectURL(jpeg));
    this.#publish();
    await keepPreview(id, await jpeg.arrayBuffer());
  }

  /** Reads the phone's store anew, shows it, and sends what is due. One reading at a time: an older one never wins. */
  #reload(): Promise<void> {
    this.#readAgain = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#readAgain) {
      this.#readAgain = false;
      try {
        this.#kept = await keptPhotos(Date.now());
        this.canKeep.set(true);
        this.#offerAgain();
      } catch {
        // Private windows of some browsers have no store: photos then live as long as the page.
        this.canKeep.set(false);
      }
      this.#publish();
    }
    for (const { id } of this.#kept) {
      if (this.#sought.has(id)) continue;
      this.#sought.add(id);
      this.#previewing = this.#previewing.then(() => this.#loadPreview(id)).catch(() => undefined);
    }
    void this.#pump();
  }

  /** What was refused may have been refused for a moment only. */
  #offerAgain(): void {
    const now = Date.now();
    for (const [id, { refused, offeredAt }] of this.#loose) {
      if (refused && Math.abs(now - offeredAt) > OFFER_AGAIN_MS) this.#offer(id);
    }
  }

  /** The preview of a photo that another window kept; one that the worker took in has none yet. */
  async #loadPreview(id: string): Promise<void> {
    if (this.#previews.has(id)) return;
    const jpeg = await preview(id);
    if (jpeg === null) {
      const bytes = await photoBytes(id);
      if (bytes !== null) await this.#makePreview(id, new Blob([bytes]));
      return;
    }
    this.#previews.set(id, URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })));
    this.#publish();
  }

  #dropPreview(id: string): void {
    const url = this.#previews.get(id);
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#previews.delete(id);
  }

  /** The network is back, or somebody looks: nobody waits out a pause that the lack of it began. */
  async #wake(): Promise<void> {
    this.#lastTry = 0;
    this.#silences = 0;
    this.#restUntil = 0;
    await this.#reload();
    const at = Date.now();
    for (const { id } of this.#kept.filter((photo) => photo.notBefore > at)) {
      await changePhoto(id, (photo) => ({ ...photo, notBefore: 0 })).catch(() => undefined);
    }
    for (const loose of this.#loose.values()) loose.photo = { ...loose.photo, notBefore: 0 };
    await this.#reload();
  }

  /** Starts what is due while there is room, and sets the alarm for the next. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      // Where nothing comes through one photo finds out for all.
      const atOnce = () => (this.#silences > 0 ? 1 : AT_ONCE_MAX);
      while (this.#stops.size < atOnce() && this.#mayTry()) {
        const loose = this.#dueLoose();
        if (loose !== null) {
          void this.#send(loose.photo, (signal, say) => this.#sendLoose(loose, signal, say));
          continue;
        }
        // A phone whose disk is full cannot note who sends, and must send all the more.
        const busy = new Set(this.#stops.keys());
        const photo = await claimPhoto(this.#owner, Date.now(), busy).catch(() => this.#dueKept());
        if (photo === null) break;
        this.#lastTry = Date.now();
        void this.#send(photo, (signal, say) => workOn(photo, this.#sender(signal, say)));
      }
    } finally {
      this.#pumping = false;
    }
    this.#setAlarm();
  }

  #sender(signal: AbortSignal, say: Sender["say"]): Sender {
    const apiOfOpened = (linkId: string) => this.#apis.get(linkId) ?? null;
    return { owner: this.#owner, post: postForm, signal, say, apiOfOpened };
  }

  #mayTry(): boolean {
    const now = Date.now();
    if (now < this.#restUntil && this.#restUntil - now <= REST_MS_MAX) return false;
    return navigator.onLine || Math.abs(now - this.#lastTry) >= OFFLINE_TRY_MS;
  }

  #dueKept(): KeptPhoto | null {
    const now = Date.now();
    const due = (photo: KeptPhoto) => dueIn(photo, now) === 0 && !this.#stops.has(photo.id);
    return this.#kept.find(due) ?? null;
  }

  #dueLoose(): Loose | null {
    for (const loose of this.#loose.values()) {
      if (!loose.refused || this.#stops.has(loose.photo.id)) continue;
      // The page has not opened its link yet.
      if (!this.#apis.has(loose.photo.linkId ?? "")) continue;
      if (dueIn(loose.photo, Date.now()) === 0) return loose;
    }
    return null;
  }

  /** Looks again when the next photo is due; a second at a time, so that what the page says of it counts down. */
  #setAlarm(): void {
    window.clearTimeout(this.#timer);
    const now = Date.now();
    const photos = [...this.#kept, ...[...this.#loose.values()].map(({ photo }) => photo)];
    const waits = photos.map((photo) => dueIn(photo, now)).filter((wait) => wait !== null);
    if (waits.length === 0) return;
    const ms = Math.min(Math.max(Math.min(...waits), 250), 1_000);
    this.#timer = window.setTimeout(() => {
      this.#publish();
      void this.#pump();
    }, ms);
  }

  async #send(
    photo: KeptPhoto,
    work: (signal: AbortSignal, say: Sender["say"]) => Promise<Outcome>,
  ): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(photo.id, stop);
    let outcome: Outcome | null = null;
    try {
      outcome = await work(stop.signal, (state) => {
        this.#live.set(photo.id, state);
        this.#publish();
      });
    } catch {
      // The phone's store would not write down what became of the try: the photo is in it as it was before.
      this.#restUntil = Date.now() + STORE_FAILED_MS;
    } finally {
      this.#stops.delete(photo.id);
      this.#live.delete(photo.id);
    }
    if (outcome !== null) this.#learn(outcome);
    await this.#reload();
    if (outcome?.kind !== "safe") return;
    for (const listener of this.#storedListeners) listener(photo.jobId ?? "");
  }

  /** A try that found no network makes all photos wait, longer each time; any answer ends that. */
  #learn(outcome: Outcome): void {
    if (outcome.kind !== "again" || outcome.reason !== "network") {
      if (outcome.kind !== "left") this.#silences = 0;
      return;
    }
    this.#silences += 1;
    this.#restUntil = Date.now() + Math.min(1_000 * 2 ** (this.#silences - 1), REST_MS_MAX);
  }

  /** A photo that only the page has: the same way, with nothing written down. */
  async #sendLoose(loose: Loose, signal: AbortSignal, say: Sender["say"]): Promise<Outcome> {
    const api = this.#apis.get(loose.photo.linkId ?? "");
    if (api === undefined) return { kind: "left" };
    const outcome = await deliver(loose.photo, {
      ...{ api, post: postForm, signal, say },
      bytes: () => Promise.resolve(loose.file),
      granted: (photoId) => {
        loose.photo = { ...loose.photo, photoId };
        return Promise.resolve();
      },
    });
    if (outcome.kind !== "safe") {
      loose.photo = afterTry(loose.photo, outcome, Date.now(), Math.random());
      return outcome;
    }
    this.#loose.delete(loose.photo.id);
    this.#kept = [
      ...this.#kept,
      { ...loose.photo, photoId: outcome.photoId, state: { kind: "safe" } },
    ];
    return outcome;
  }

  #publish(): void {
    const now = Date.now();
    const online = navigator.onLine && this.#silences === 0;
    const kept = new Set(this.#kept.map(({ id }) => id));
    const loose = [...this.#loose.values()].filter(({ photo }) => !kept.has(photo.id));
    const rows = [
      ...this.#kept.map((photo) => ({ photo, where: "phone" as const })),
      ...loose.map(({ photo }) => ({ photo, where: "page" as const })),
    ].sort((a, b) => a.photo.addedAt - b.photo.addedAt);
    this.items.set(
      rows.map(({ photo, where }): QueueItem => {
        const state = this.#live.get(photo.id) ?? restingState(photo, now, online);
        return {
          id: photo.id,
          jobId: photo.jobId ?? "",
          name: photo.name,
          size: photo.size,
          contentType: photo.contentType,
          preview: this.#previews.get(photo.id) ?? null,
          where,
          phase: photo.phase,
          state:
            state.kind === "stored" ? { ...state, listed: this.#listed.has(state.photoId) } : state,
        };
      }),
    );
  }
}

/** The name under which the browser wakes the service worker when the network returns. */
export const SYNC = "qdn-photos";

/** Asks the browser to send what is left when the page is gone; only some can. */
async function registerSync(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    if (registration && "sync" in registration) {
      await (registration.sync as { register(tag: string): Promise<void> }).register(SYNC);
    }
  } catch {
    // Not allowed, or not there: the page sends when it is open.
  }
}
