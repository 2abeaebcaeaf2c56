import type { Api } from "../api/client";
import type { Phase } from "../api/types";
import { randomId } from "../lib/random";
import { createStore } from "../lib/store";
import { postForm } from "../upload/form";
import { canRetry, isActive, type UploadItem, type UploadState } from "../upload/items";
import type { UploadNews } from "../upload/uploads";
import {
  changePhoto,
  claimPhoto,
  deletePhoto,
  forgetOld,
  keptPhotos,
  onOthersChange,
  photoBytes,
  releasePhoto,
  removedPhotos,
  removePhoto,
  restoreSeen,
} from "./database";
import type { Outcome } from "./deliver";
import { HeldPhotos } from "./held";
import { dueIn, isForgettable, type KeptPhoto, restingState } from "./kept";
import {
  compareEntry,
  enterPhoto,
  hasEnded,
  type LedgerEntry,
  ledgerEntries,
  ledgerEntry,
  markEntry,
  type Stored,
  strikeEntry,
  unreadableEntries,
  wasStruck,
} from "./ledger";
import { MissingPhotos, type OpenedLink } from "./missing";
import { type Details, newPhoto, type Target } from "./newPhoto";
import { Previews } from "./previews";
import { RoomWatch } from "./room";
import { registerSync } from "./sync";
import { holdWindowLock, openWindows } from "./windows";
import { type Sender, type Tried, workOn } from "./work";

/** Photos sent at one time: more would share the same thin line and fail together. */
const AT_ONCE_MAX = 2;
/** A phone that says it has no network is asked to try all the same, this often: it may be mistaken. */
const OFFLINE_TRY_MS = 60_000;
/** The longest rest, after tries that found no network. */
const REST_MS_MAX = 30_000;
/** How long until the phone's store is read again while photos are in it: Chromium drops it without an event. */
const READ_AGAIN_MS = 5_000;
/** The same for a store that could not be read, and for a page that nobody sees. */
const READ_SELDOM_MS = 30_000;

/** A photo of the queue as the page shows it. */
export interface QueueItem extends UploadItem {
  /** `page`: the phone had no room, so that closing the page would lose it. */
  readonly where: "phone" | "page";
  readonly phase: Phase | null;
}

/** What changes when a photo gets a job: to the server it is another photo, unless it is the same job. */
function moved(photo: KeptPhoto, target: Target): KeptPhoto {
  const photoId = photo.jobId === target.jobId ? photo.photoId : null;
  return {
    ...photo,
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

/** The record of a photo that a person has tried again; null where that can't help. */
function retried(photo: KeptPhoto): KeptPhoto | null {
  const { state } = photo;
  if (state.kind === "safe" || (state.kind === "stopped" && !canRetry(state.reason))) return null;
  return { ...photo, state: { kind: "waiting" }, tries: 0, notBefore: 0 };
}

/** Whether this phone has the only copy, as far as it is known. */
export function isOnlyHereItem({ state }: QueueItem): boolean {
  return state.kind !== "stored";
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
  /** Counts how often the browser has dropped what the page had stored. */
  readonly storeLosses = createStore(0);
  readonly #owner = randomId();
  /** Photos that a person removed and the store still has. */
  #hidden: ReadonlySet<string> = new Set();
  /** The photos in the phone's store, with the records that it did not take. */
  #kept: readonly KeptPhoto[] = [];
  readonly #unwritten = new Map<string, KeptPhoto>();
  /** Photos that this page has sent, for when the store has no record of them any more. */
  readonly #sent = new Map<string, KeptPhoto>();
  readonly #live = new Map<string, UploadState>();
  readonly #stops = new Map<string, AbortController>();
  readonly #listed = new Set<string>();
  readonly #storedListeners = new Set<(jobId: string) => void>();
  /** The links opened in this page, for when the phone's store cannot be read. */
  readonly #links = new Map<string, OpenedLink>();
  readonly #missing = new MissingPhotos(this.#links);
  readonly #roomWatch = new RoomWatch(() => this.#hasUnsaved());
  readonly #held = new HeldPhotos(this.#owner, {
    settled: (id, written) => void this.#noteKept(id, written),
    isSent: (id) => this.#stops.has(id),
  });
  readonly #previews = new Previews(
    () => this.#publish(),
    (id) => this.items.get().some((item) => item.id === id),
    () => this.#roomWatch.mayWrite(),
  );
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #timer = 0;
  #readTimer = 0;
  #pumping = false;
  #lastTry = 0;
  #restUntil = 0;
  /** Tries in a row that found no network, whatever the phone says of it. */
  #silences = 0;

  /** Photos that this phone has lost, or may have. */
  get missing() {
    return this.#missing.list;
  }

  get room() {
    return this.#roomWatch.room;
  }

  /** Reads what is kept and begins to send it. */
  start(): void {
    holdWindowLock(this.#owner);
    onOthersChange(() => void this.#reload());
    window.addEventListener("online", () => void this.#wake());
    window.addEventListener("offline", () => this.#publish());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.#wake();
      else if (this.items.get().some(({ state }) => isActive({ state }))) void registerSync();
    });
    window.addEventListener("beforeunload", (event) => {
      if (!this.#hasUnsaved()) return;
      event.preventDefault();
      // Browsers of 2023 ask only then.
      event.returnValue = true;
    });
    void this.#reload();
  }

  /** Whether closing the page would lose a photo. */
  #hasUnsaved(): boolean {
    return this.#held.unsaved().some(({ photo }) => photo.state.kind === "waiting");
  }

  /** Lets photos be sent with a link that was just opened; `reaches`: the jobs that it certainly reaches. */
  useLink(linkId: string, api: Api, reaches: (jobId: string) => boolean): void {
    this.#links.set(linkId, { api, reaches });
  }

  /** Takes photos in. Each is shown at once and says honestly where it is. */
  add(files: Iterable<File>, target: Target, details: Details): void {
    for (const file of files) {
      const photo = newPhoto(file, target, details);
      if (photo.state.kind === "waiting") this.#live.set(photo.id, { kind: "keeping" });
      this.#held.add(photo, file);
      if (photo.state.kind === "waiting") this.#previews.make(photo.id, file);
    }
    this.#publish();
  }

  /** Tries again what stopped, or at once what waits for its next try. */
  async retry(id: string): Promise<void> {
    await this.#change(id, retried);
    await this.#reload();
  }

  /** Gives photos another job, or the first one they get. */
  async move(ids: readonly string[], target: Target): Promise<void> {
    for (const id of ids) {
      this.#stops.get(id)?.abort();
      const photo = await this.#change(id, (old) =>
        old.state.kind === "safe" ? null : moved(old, target),
      );
      if (photo !== null) enterPhoto({ photo, status: "kept", owner: this.#owner });
    }
    await this.#reload();
  }

  /** Sends with a link that works what others cannot send any more. */
  async adopt(linkId: string, reaches: (jobId: string) => boolean): Promise<void> {
    await this.#reload();
    const again = (photo: KeptPhoto): KeptPhoto | null =>
      isLost(photo)
        ? { ...photo, linkId, state: { kind: "waiting" }, tries: 0, notBefore: 0 }
        : null;
    for (const photo of [...this.#kept, ...this.#held.unsaved().map((held) => held.photo)]) {
      if (isLost(photo) && photo.jobId !== null && reaches(photo.jobId)) {
        await this.#change(photo.id, again);
      }
    }
    await this.#reload();
  }

  /** Changes a photo's record wherever it is: in the phone's store, in memory, or both. The answer is the record then. */
  async #change(
    id: string,
    change: (photo: KeptPhoto) => KeptPhoto | null,
  ): Promise<KeptPhoto | null> {
    const unwritten = this.#unwritten.get(id);
    if (unwritten !== undefined) this.#unwritten.set(id, change(unwritten) ?? unwritten);
    this.#held.change(id, (photo) => change(photo) ?? photo);
    const stored = await changePhoto(id, change).catch(() => {
      this.#refused();
      const kept = this.#kept.find((photo) => photo.id === id);
      const after = kept === undefined ? null : change(kept);
      if (after !== null) this.#unwritten.set(id, after);
      return after;
    });
    return this.#held.get(id)?.photo ?? stored;
  }

  /** Takes a photo off the phone. Only a person says so. */
  async remove(id: string): Promise<void> {
    this.#stops.get(id)?.abort();
    markEntry(id, { status: "removed" });
    this.#held.drop(id);
    this.#previews.drop(id);
    await removePhoto(id, Date.now()).catch(() => this.#refused());
    await this.#reload();
  }

  /** Takes lost photos off the list: a person has read which they are. */
  async dismiss(ids: readonly string[]): Promise<void> {
    for (const id of ids) strikeEntry(id);
    await this.#reload();
  }

  /** The file of a photo that is still on this phone, to save or send it some other way. */
  async file(id: string): Promise<File | null> {
    const item = this.items.get().find((one) => one.id === id);
    const bytes = this.#held.get(id)?.file ?? (await photoBytes(id));
    return item === undefined || bytes === null
      ? null
      : new File([bytes], item.name, { type: item.contentType });
  }

  noteListed(photoIds: readonly string[]): void {
    for (const id of photoIds) this.#listed.add(id);
    const arrived = this.missing.get().filter(({ photo }) => this.#listed.has(photo.photoId ?? ""));
    for (const { photo } of arrived) strikeEntry(photo.id);
    if (arrived.length > 0) void this.#reload();
    this.#publish();
  }

  onStored(listener: (jobId: string) => void): () => void {
    this.#storedListeners.add(listener);
    return () => this.#storedListeners.delete(listener);
  }

  /** A photo was written to the phone's disk, or refused. */
  async #noteKept(id: string, written: boolean): Promise<void> {
    this.#live.delete(id);
    if (written) this.#roomWatch.accepted();
    else this.#refused();
    await this.#reload();
    if (written) void registerSync();
  }

  /** The phone's store did not take a write. */
  #refused(): void {
    if (this.canKeep.get() === true) this.#roomWatch.refused();
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
      // In this order: a photo that another window adds meanwhile is in none of them, or in the store.
      const entries = ledgerEntries();
      const open = await openWindows();
      try {
        const now = Date.now();
        const removed = new Set(Object.keys(await removedPhotos(now)));
        const photos = await keptPhotos();
        // At once: what is written from now on is not among them.
        this.canKeep.set(true);
        this.#compare(photos, removed, entries, open);
        void forgetOld(photos, now);
        if (this.#roomWatch.mayWrite()) this.#held.offerAgain();
      } catch {
        // Private windows of some browsers have no store: photos then live as long as the page.
        this.canKeep.set(false);
        const isHeld = (id: string) => this.#held.get(id) !== null;
        this.#missing.set(unreadableEntries(entries, isHeld, open), false);
      }
      this.#publish();
    }
    window.clearTimeout(this.#readTimer);
    const unreadable = this.canKeep.get() === false;
    if (unreadable || this.items.get().some(isOnlyHereItem)) {
      const again = unreadable || document.hidden ? READ_SELDOM_MS : READ_AGAIN_MS;
      this.#readTimer = window.setTimeout(() => void this.#reload(), again);
    }
    for (const { id } of this.#kept) this.#previews.load(id);
    void this.#roomWatch.look();
    void this.#pump();
    void this.#askForMissing();
  }

  /** Not a part of reading: a server that does not answer holds up no other reading. */
  async #askForMissing(): Promise<void> {
    if (await this.#missing.ask()) void this.#reload();
  }

  /** Compares what the store has with what this page holds and with what the ledger says that the phone keeps. */
  #compare(
    photos: readonly KeptPhoto[],
    removed: ReadonlySet<string>,
    entries: readonly LedgerEntry[],
    open: ReadonlySet<string>,
  ): void {
    const stored = new Map(photos.map((photo) => [photo.id, photo]));
    const ended = (id: string) => {
      // Without Web Locks others may take the photos of this window for lost, and strike them.
      const struck = open.has(this.#owner) && wasStruck(id);
      const end = hasEnded({ entry: ledgerEntry(id), removed: removed.has(id), struck });
      if (end) this.#stops.get(id)?.abort();
      return end;
    };
    if (this.#held.compare(stored, ended)) {
      this.#roomWatch.refused();
      this.storeLosses.set(this.storeLosses.get() + 1);
      void restoreSeen().catch(() => undefined);
    }
    this.#hidden = this.#compareLedger({ photos: stored, removed }, entries, open);
    const entered = new Set(entries.map(({ photo }) => photo.id));
    for (const photo of photos) {
      if (photo.state.kind === "safe") this.#unwritten.delete(photo.id);
      // Taken in by the service worker, or before there was a ledger.
      else if (!entered.has(photo.id)) enterPhoto({ photo, status: "kept", owner: this.#owner });
    }
    for (const id of this.#unwritten.keys()) if (!stored.has(id)) this.#unwritten.delete(id);
    this.#kept = photos
      .filter((photo) => !this.#hidden.has(photo.id) && !isForgettable(photo, Date.now()))
      .map((photo) => this.#unwritten.get(photo.id) ?? photo);
  }

  /** Strikes what is settled and lists what is missing. The answer: photos that a person removed and the store still has. */
  #compareLedger(
    stored: Stored,
    entries: readonly LedgerEntry[],
    open: ReadonlySet<string>,
  ): ReadonlySet<string> {
    const missing: LedgerEntry[] = [];
    const hidden = new Set<string>();
    for (const entry of entries) {
      const { id } = entry.photo;
      const finding = compareEntry(entry, stored);
      if (finding === "settled") {
        strikeEntry(id);
        if (entry.status !== "kept") this.#held.drop(id);
      } else if (finding === "leftover") {
        if (entry.status === "removed") hidden.add(id);
        else this.#unwritten.set(id, { ...entry.photo, state: { kind: "safe" } });
        void this.#letGo(entry);
      } else if (finding === "missing" && this.#held.get(id) === null && !open.has(entry.owner)) {
        missing.push(entry);
      }
    }
    this.#missing.set(missing, true);
    return hidden;
  }

  /** Deletes the bytes of a photo that is safe or removed, where that did not succeed before. */
  async #letGo({ photo, status }: LedgerEntry): Promise<void> {
    if (!this.#roomWatch.mayWrite() || this.#stops.has(photo.id)) return;
    try {
      if (status === "removed") await deletePhoto(photo.id);
      else await releasePhoto(photo, photo.photoId ?? "");
    } catch {
      this.#refused();
    }
  }

  /** The network is back, or somebody looks: nobody waits out a pause that the lack of it began. */
  async #wake(): Promise<void> {
    this.#lastTry = 0;
    this.#silences = 0;
    this.#restUntil = 0;
    this.#roomWatch.wake();
    await this.#reload();
    const at = Date.now();
    const waiting = [...this.#kept, ...this.#held.unsaved().map(({ photo }) => photo)];
    for (const { id } of waiting.filter((photo) => photo.notBefore > at)) {
      await this.#change(id, (photo) => ({ ...photo, notBefore: 0 }));
    }
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
        const photo = this.#dueUnsaved() ?? (await this.#claim());
        if (photo === null) break;
        this.#lastTry = Date.now();
        void this.#send(photo);
      }
    } finally {
      this.#pumping = false;
    }
    this.#setAlarm();
  }

  /** Takes a photo of the phone's store that is due. A phone whose disk is full cannot note who sends, and sends all the more. */
  async #claim(): Promise<KeptPhoto | null> {
    if (!this.#roomWatch.mayWrite()) return this.#dueKept();
    // The store has an older record of these.
    const busy = new Set([...this.#stops.keys(), ...this.#unwritten.keys(), ...this.#hidden]);
    try {
      return (await claimPhoto(this.#owner, Date.now(), busy)) ?? this.#dueUnwritten();
    } catch {
      this.#refused();
      return this.#dueKept();
    }
  }

  #sender(signal: AbortSignal, say: Sender["say"]): Sender {
    return {
      owner: this.#owner,
      post: postForm,
      signal,
      say,
      apiOfOpened: (linkId) => this.#links.get(linkId)?.api ?? null,
      held: (id) => this.#held.get(id)?.file ?? null,
      onGrant: (id, photoId) => {
        this.#held.change(id, (photo) => ({ ...photo, photoId }));
        const entry = ledgerEntry(id);
        if (entry !== null) markEntry(id, { photo: { ...entry.photo, photoId } });
      },
      onSafe: ({ id, jobId }) => {
        // One that was given another job meanwhile is not there yet.
        if (ledgerEntry(id)?.photo.jobId !== jobId) return;
        markEntry(id, { status: "safe" });
        this.#held.drop(id);
      },
    };
  }

  #mayTry(): boolean {
    const now = Date.now();
    if (now < this.#restUntil && this.#restUntil - now <= REST_MS_MAX) return false;
    return navigator.onLine || Math.abs(now - this.#lastTry) >= OFFLINE_TRY_MS;
  }

  #dueKept(): KeptPhoto | null {
    return this.#kept.find((photo) => this.#isDue(photo)) ?? null;
  }

  #dueUnwritten(): KeptPhoto | null {
    return this.#kept.find((photo) => this.#unwritten.has(photo.id) && this.#isDue(photo)) ?? null;
  }

  /** A photo that only this page has. One whose writing is under way waits for that. */
  #dueUnsaved(): KeptPhoto | null {
    const refused = this.#held.unsaved().filter(({ place }) => place === "refused");
    return refused.find(({ photo }) => this.#isDue(photo))?.photo ?? null;
  }

  #isDue(photo: KeptPhoto): boolean {
    return dueIn(photo, Date.now()) === 0 && !this.#stops.has(photo.id);
  }

  /** Looks again when the next photo is due; a second at a time, so that what the page says of it counts down. */
  #setAlarm(): void {
    window.clearTimeout(this.#timer);
    const now = Date.now();
    const photos = [...this.#kept, ...this.#held.unsaved().map(({ photo }) => photo)];
    const waits = photos.map((photo) => dueIn(photo, now)).filter((wait) => wait !== null);
    if (waits.length === 0) return;
    const ms = Math.min(Math.max(Math.min(...waits), 250), 1_000);
    this.#timer = window.setTimeout(() => {
      this.#publish();
      void this.#pump();
    }, ms);
  }

  async #send(photo: KeptPhoto): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(photo.id, stop);
    const sender = this.#sender(stop.signal, (state) => {
      this.#live.set(photo.id, state);
      this.#publish();
    });
    try {
      this.#learn(await workOn(photo, sender));
    } catch {
      // A bug of ours must not stop the photos behind: this one is tried again after a while.
      this.#unwritten.set(photo.id, { ...photo, notBefore: Date.now() + REST_MS_MAX, lease: null });
    } finally {
      this.#stops.delete(photo.id);
      this.#live.delete(photo.id);
    }
    await this.#reload();
  }

  /** Takes note of a try, in memory where the phone's store did not take it. */
  #learn({ outcome, record, stored }: Tried): void {
    const { id } = record;
    if (outcome.kind === "safe") {
      this.#unwritten.delete(id);
      for (const listener of this.#storedListeners) listener(record.jobId ?? "");
    }
    this.#held.change(id, (photo) => (photo.jobId === record.jobId ? record : photo));
    if (stored === "refused") this.#refused();
    if (stored !== "written") {
      // Given another job meanwhile, it has a newer record.
      const now = this.#unwritten.get(id) ?? this.#kept.find((photo) => photo.id === id);
      if (now?.jobId === record.jobId) this.#unwritten.set(id, record);
    }
    if (outcome.kind === "safe") {
      this.#kept = this.#kept.filter((photo) => photo.id !== id);
      this.#sent.set(id, record);
    }
    this.#rest(outcome);
  }

  /** A try that found no network makes all photos wait, longer each time; any answer ends that. */
  #rest(outcome: Outcome): void {
    if (outcome.kind !== "again" || outcome.reason !== "network") {
      if (outcome.kind !== "left") this.#silences = 0;
      return;
    }
    this.#silences += 1;
    this.#restUntil = Date.now() + Math.min(1_000 * 2 ** (this.#silences - 1), REST_MS_MAX);
  }

  #publish(): void {
    const now = Date.now();
    const online = navigator.onLine && this.#silences === 0;
    const kept = new Set(this.#kept.map(({ id }) => id));
    const unsaved = this.#held.unsaved().filter(({ photo }) => !kept.has(photo.id));
    const sent = [...this.#sent.values()].filter(({ id }) => !kept.has(id));
    const rows = [
      ...[...this.#kept, ...sent].map((photo) => ({ photo, where: "phone" as const })),
      ...unsaved.map(({ photo }) => ({ photo, where: "page" as const })),
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
          preview: this.#previews.url(photo.id),
          where,
          phase: photo.phase,
          state:
            state.kind === "stored" ? { ...state, listed: this.#listed.has(state.photoId) } : state,
        };
      }),
    );
  }
}
