import { ApiError } from "../../api/problem";
import type { Photo } from "../../api/types";
import { createStore } from "../../lib/store";

/** How long a deletion can be taken back. */
export const UNDO_MS = 7_000;

/** A photo that is about to be deleted, or whose deletion failed. */
export interface Deletion {
  readonly jobId: string;
  readonly photo: Photo;
  readonly error: unknown;
}

/** Names a photo among those of all jobs: what older tools stored goes by its file's name, which may repeat. */
export function deletionKey(jobId: string, photoId: string): string {
  return `${jobId}/${photoId}`;
}

const keyOf = ({ jobId, photo }: Deletion) => deletionKey(jobId, photo.photo_id);

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
  readonly #timers = new Map<string, number>();
  readonly #sending = new Set<Promise<void>>();
  readonly #doneListeners = new Set<(jobId: string) => void>();
  /** Deleted by the server, and perhaps still in a list that was on its way. */
  readonly #gone = new Set<string>();
  #held = false;

  constructor(private readonly send: SendDeletion) {}

  add(jobId: string, photo: Photo): void {
    const key = deletionKey(jobId, photo.photo_id);
    this.#forget(key);
    this.notes.set([...this.notes.get(), { jobId, photo, error: null }]);
    this.#hide(key, true);
    this.#wait(key);
  }

  /** Takes a deletion back, the newest where none is named. The photo that is back, if any. */
  undo(wanted?: Deletion): Photo | null {
    const waiting = this.#undoable();
    const note = wanted === undefined ? waiting.at(-1) : waiting.find((other) => other === wanted);
    if (note === undefined) return null;
    this.#forget(keyOf(note));
    this.#hide(keyOf(note), false);
    return note.photo;
  }

  /** Takes the note of a failure away. */
  dismiss(note: Deletion): void {
    this.#forget(keyOf(note));
  }

  /** While somebody points at the notes no time runs out. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    for (const note of this.#undoable()) {
      if (held) this.#stopTimer(keyOf(note));
      else this.#wait(keyOf(note));
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
    for (const key of [...this.#gone]) {
      if (!key.startsWith(`${jobId}/`) || listed.has(key)) continue;
      this.#gone.delete(key);
      this.#hide(key, false);
    }
  }

  #undoable(): readonly Deletion[] {
    return this.notes.get().filter((note) => note.error === null);
  }

  #wait(key: string): void {
    if (this.#held) return;
    const end = () => {
      const note = this.#undoable().find((other) => keyOf(other) === key);
      if (note !== undefined) this.#begin(note, false);
    };
    this.#timers.set(key, window.setTimeout(end, UNDO_MS));
  }

  #begin(note: Deletion, keepalive: boolean): void {
    this.#forget(keyOf(note));
    const sending: Promise<void> = this.#sendNow(note, keepalive).finally(() =>
      this.#sending.delete(sending),
    );
    this.#sending.add(sending);
  }

  async #sendNow(note: Deletion, keepalive: boolean): Promise<void> {
    const { jobId, photo } = note;
    try {
      await this.send(jobId, photo.photo_id, keepalive);
    } catch (error) {
      // One that is gone already is what was wished for.
      if (!(error instanceof ApiError) || error.kind !== "notFound") {
        this.#hide(keyOf(note), false);
        this.notes.set([...this.notes.get(), { jobId, photo, error }]);
        return;
      }
    }
    this.#gone.add(keyOf(note));
    for (const listener of this.#doneListeners) listener(jobId);
  }

  #stopTimer(key: string): void {
    window.clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  #forget(key: string): void {
    this.#stopTimer(key);
    this.notes.set(this.notes.get().filter((note) => keyOf(note) !== key));
  }

  #hide(key: string, hide: boolean): void {
    const next = new Set(this.hidden.get());
    if (hide) next.add(key);
    else next.delete(key);
    this.hidden.set(next);
  }
}
