import type { Api } from "../api/client";
import { randomId } from "../lib/random";
import { createStore } from "../lib/store";
import { canRetry, isActive, newItem, type UploadItem } from "./items";
import { makePreview } from "./preview";
import { send } from "./send";

/** Files sent at one time: more would share the same thin line and fail together. */
const AT_ONCE_MAX = 3;

/** What an upload needs beside its item while it is not stored. */
interface Work {
  file: File;
  stop: AbortController;
}

/** What a list of photos says to whoever uploads, and hears from them. */
export interface UploadNews {
  /** Told of every list of photos: what it shows is no longer ours to show. */
  noteListed(photoIds: readonly string[]): void;
  /** Calls `listener` with the job's id each time a photo is safe; returns what stops it. */
  onStored(listener: (jobId: string) => void): () => void;
}

/** The uploads of a page, of all its jobs. They go on when the drawer is closed. */
export class Uploads implements UploadNews {
  /** Every upload in the order it was chosen. */
  readonly items = createStore<readonly UploadItem[]>([]);
  readonly #works = new Map<string, Work>();
  readonly #running = new Set<string>();
  readonly #storedListeners = new Set<(jobId: string) => void>();
  /** Previews are made one after another: decoding many photos at once makes a phone close the page. */
  #previews = Promise.resolve();

  constructor(readonly api: Api) {
    // What failed for want of a network is sent when there is one again, without anybody's doing.
    window.addEventListener("online", () => {
      for (const { id, state } of this.items.get()) {
        if (state.kind === "failed" && state.reason === "network") this.retry(id);
      }
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.items.get().some(isActive)) event.preventDefault();
    });
  }

  add(jobId: string, files: Iterable<File>): void {
    this.#forgetFinished(jobId);
    for (const file of files) {
      const item = newItem(randomId(), jobId, file);
      this.#works.set(item.id, { file, stop: new AbortController() });
      this.items.set([...this.items.get(), item]);
      if (isActive(item)) this.#previews = this.#previews.then(() => this.#preview(item.id, file));
    }
    this.#pump();
  }

  /** Begins a failed upload anew; nothing for one that is in another state or can't be mended. */
  retry(id: string): void {
    const state = this.#find(id)?.state;
    if (state?.kind !== "failed" || !canRetry(state.reason)) return;
    this.#change(id, { state: { kind: "waiting" } });
    this.#pump();
  }

  /** Stops an upload and takes it off the list. */
  remove(id: string): void {
    this.#works.get(id)?.stop.abort();
    this.#works.delete(id);
    const preview = this.#find(id)?.preview;
    if (preview) URL.revokeObjectURL(preview);
    this.items.set(this.items.get().filter((item) => item.id !== id));
  }

  noteListed(photoIds: readonly string[]): void {
    const shown = new Set(photoIds);
    for (const { id, state } of this.items.get()) {
      if (state.kind === "stored" && !state.listed && shown.has(state.photoId)) {
        this.#change(id, { state: { ...state, listed: true } });
      }
    }
  }

  onStored(listener: (jobId: string) => void): () => void {
    this.#storedListeners.add(listener);
    return () => this.#storedListeners.delete(listener);
  }

  #find(id: string): UploadItem | undefined {
    return this.items.get().find((item) => item.id === id);
  }

  #change(id: string, part: Partial<UploadItem>): void {
    this.items.set(this.items.get().map((item) => (item.id === id ? { ...item, ...part } : item)));
  }

  /** A new batch starts a new list, unless the last one is not all safe yet. */
  #forgetFinished(jobId: string): void {
    const mine = this.items.get().filter((item) => item.jobId === jobId);
    if (mine.every((item) => item.state.kind === "stored")) {
      for (const item of mine) this.remove(item.id);
    }
  }

  async #preview(id: string, file: File): Promise<void> {
    if (this.#find(id) === undefined) return;
    const preview = await makePreview(file);
    if (preview === null || this.#find(id) === undefined) return;
    this.#change(id, { preview: URL.createObjectURL(preview) });
  }

  /** Starts what waits while there is room. */
  #pump(): void {
    for (const item of this.items.get()) {
      if (this.#running.size >= AT_ONCE_MAX) return;
      const work = this.#works.get(item.id);
      if (item.state.kind !== "waiting" || this.#running.has(item.id) || !work) continue;
      this.#running.add(item.id);
      void this.#run(item, work);
    }
  }

  async #run(item: UploadItem, { file, stop }: Work): Promise<void> {
    const stored = await send(this.api, item, file, stop.signal, (state) =>
      this.#change(item.id, { state }),
    );
    this.#running.delete(item.id);
    if (stored) {
      this.#works.delete(item.id);
      for (const listener of this.#storedListeners) listener(item.jobId);
    }
    this.#pump();
  }
}
