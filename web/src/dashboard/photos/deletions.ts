import { ApiError } from "../../api/problem";
import type { Photo } from "../../api/types";
import { createStore } from "../../lib/store";

/** How long a deletion can be taken back. */
export const UNDO_MS = 7_000;

/** Photos that are about to be deleted together, or whose deletion failed. */
export interface Deletion {
  readonly id: number;
  readonly jobId: string;
  /** At least one. */
  readonly photos: readonly Photo[];
  readonly error: unknown;
}

/** Names a photo among those of all jobs: what older tools stored goes by its file's name, which may repeat. */
export function deletionKey(jobId: string, photoId: string): string {
  return `${jobId}/${photoId}`;
}

/** Sends the deletion; `keepalive` lets it outlive the page. */
export type SendDeletion = (jobId: string, photoId: string, keepalive: boolean) => Promise<unknown>;

/**
 * Photos that staff deleted. They leave the screen at once; the server is told when the time for taking it back is
 * over, or when the page is left. A deletion that fails brings its photo back.
 */
export class Deletions {
  /** What can be taken back, and what failed; the oldest first. */
  readonly notes = createStore<readonly Deletion[]>([]);
  /** Keys of photos not to be shown: those about to be deleted, and those deleted that a late list may still hold. */
  readonly hidden = createStore<ReadonlySet<string>>(new Set());
  readonly #timers = new Map<number, number>();
  readonly #sending = new Set<Promise<void>>();
  readonly #doneListeners = new Set<(jobId: string) => void>();
  /** Deleted by the server, and perhaps still in a list that was on its way. */
  readonly #gone = new Set<string>();
  #held = false;
  #lastId = 0;

  constructor(private readonly send: SendDeletion) {}

  add(jobId: string, photos: readonly Photo[]): void {
    if (photos.length === 0) return;
    const note = this.#note(jobId, photos, null);
    this.#hide(note, true);
    this.#wait(note.id);
  }

  /** Takes a deletion back, the newest where none is named. The photos that are back. */
  undo(wanted?: Deletion): readonly Photo[] {
    const waiting = this.#undoable();
    const note = wanted === undefined ? waiting.at(-1) : waiting.find(({ id }) => id === wanted.id);
    if (note === undefined) return [];
    this.#forget(note.id);
    this.#hide(note, false);
    return note.photos;
  }

  /** Takes the note of a failure away. */
  dismiss(note: Deletion): void {
    this.#forget(note.id);
  }

  /** Makes a deletion that failed anew, this time at once. */
  retry(note: Deletion): void {
    this.#forget(note.id);
    this.#hide(note, true);
    this.#begin(note, false);
  }

  /** While somebody points at the notes no time runs out. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    for (const { id } of this.#undoable()) {
      if (held) this.#stopTimer(id);
      else this.#wait(id);
    }
  }

  /** Sends all that waits; settles when every answer is there. */
  async flush(keepalive: boolean): Promise<void> {
    for (const note of this.#undoable()) this.#begin(note, keepalive);
    await Promise.all([...this.#sending]);
  }

  /** Calls `listener` with the job's id after each deletion the server has carried out. */
  onDone(listener: (jobId: string) => void): () => void {
    this.#doneListeners.add(listener);
    return () => this.#doneListeners.delete(listener);
  }

  /** Told of every list of a job's photos: what is gone from it need not be kept off the screen. */
  noteListed(jobId: string, photoIds: readonly string[]): void {
    const listed = new Set(photoIds.map((id) => deletionKey(jobId, id)));
    const over = [...this.#gone].filter((key) => key.startsWith(`${jobId}/`) && !listed.has(key));
    if (over.length === 0) return;
    for (const key of over) this.#gone.delete(key);
    this.hidden.set(new Set([...this.hidden.get()].filter((key) => !over.includes(key))));
  }

  #undoable(): readonly Deletion[] {
    return this.notes.get().filter((note) => note.error === null);
  }

  #note(jobId: string, photos: readonly Photo[], error: unknown): Deletion {
    this.#lastId += 1;
    const note = { id: this.#lastId, jobId, photos, error };
    this.notes.set([...this.notes.get(), note]);
    return note;
  }

  #wait(id: number): void {
    if (this.#held) return;
    const end = () => {
      const note = this.#undoable().find((other) => other.id === id);
      if (note !== undefined) this.#begin(note, false);
    };
    this.#timers.set(id, window.setTimeout(end, UNDO_MS));
  }

  #begin(note: Deletion, keepalive: boolean): void {
    this.#forget(note.id);
    const sending: Promise<void> = this.#sendAll(note, keepalive).finally(() =>
      this.#sending.delete(sending),
    );
    this.#sending.add(sending);
  }

  /** Sends them side by side; those that fail come back together, with the first reason. */
  async #sendAll({ jobId, photos }: Deletion, keepalive: boolean): Promise<void> {
    const errors = new Map<Photo, unknown>();
    const sendOne = async (photo: Photo) => {
      try {
        await this.send(jobId, photo.photo_id, keepalive);
      } catch (error) {
        // One that is gone already is what was wished for.
        if (!(error instanceof ApiError) || error.kind !== "notFound") errors.set(photo, error);
      }
    };
    await Promise.all(photos.map(sendOne));
    for (const photo of photos) {
      if (!errors.has(photo)) this.#gone.add(deletionKey(jobId, photo.photo_id));
    }
    const [first] = errors.values();
    if (errors.size > 0) this.#hide(this.#note(jobId, [...errors.keys()], first), false);
    if (errors.size < photos.length) for (const listener of this.#doneListeners) listener(jobId);
  }

  #stopTimer(id: number): void {
    window.clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #forget(id: number): void {
    this.#stopTimer(id);
    this.notes.set(this.notes.get().filter((note) => note.id !== id));
  }

  #hide({ jobId, photos }: Deletion, hide: boolean): void {
    const next = new Set(this.hidden.get());
    for (const { photo_id } of photos) {
      if (hide) next.add(deletionKey(jobId, photo_id));
      else next.delete(deletionKey(jobId, photo_id));
    }
    this.hidden.set(next);
  }
}
