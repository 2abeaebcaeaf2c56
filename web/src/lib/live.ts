import { ApiError } from "../api/problem";
import { EventParser, type ServerEvent } from "./events";
import { createStore } from "./store";

/** The server sends a heartbeat every 15 s; a line that is silent for longer than three of them is dead. */
const SILENCE_MS_MAX = 46_000;
const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;
/** A connection that lasted this long was a good one: the next pause is short again. */
const STEADY_MS = 10_000;
/** Over HTTP/1.1 a browser holds six connections to a server, all tabs together: hidden ones let go of theirs. */
const HIDDEN_MS_MAX = 20_000;

/** What somebody changed: the photos of a job, or the job itself. */
export interface Change {
  kind: "photos" | "job";
  jobId: string;
}

/** Opens the stream of events; rejects with ApiError. */
export type OpenEvents = (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

type Listener = (change: Change | null) => void;

/**
 * The changes that others make, told as they happen. It reconnects by itself with bounded pauses; where the server
 * refuses or tells nothing, `up` is false and whoever listens goes on asking now and then.
 */
export class Live {
  /** True while changes are told as they happen. */
  readonly up = createStore(false);
  readonly #listeners = new Set<Listener>();
  #stop: AbortController | null = null;
  #hiddenTimer = 0;

  constructor(readonly open: OpenEvents) {}

  /** Follows the events while the page is seen; returns what ends it. */
  start(): () => void {
    const onVisibility = () => {
      window.clearTimeout(this.#hiddenTimer);
      if (document.visibilityState === "visible") this.#begin();
      else this.#hiddenTimer = window.setTimeout(() => this.#end(), HIDDEN_MS_MAX);
    };
    // A page kept for the back button must hold no connection.
    const onHide = () => this.#end();
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("pageshow", onVisibility);
    window.addEventListener("pagehide", onHide);
    onVisibility();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("pageshow", onVisibility);
      window.removeEventListener("pagehide", onHide);
      window.clearTimeout(this.#hiddenTimer);
      this.#end();
    };
  }

  /** Calls `listener` with each change, and with null when some may have been missed. Returns what stops it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #begin(): void {
    if (this.#stop !== null) return;
    this.#stop = new AbortController();
    void this.#follow(this.#stop.signal);
  }

  #end(): void {
    this.#stop?.abort();
    this.#stop = null;
    this.up.set(false);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.#readOnce(signal);
      } catch (error) {
        if (isFinal(error)) return;
      } finally {
        if (!signal.aborted) this.up.set(false);
      }
      failures = performance.now() - began > STEADY_MS ? 0 : failures + 1;
      await pause(backOffMs(failures, Math.random()), signal);
    }
  }

  /** One connection, from its opening to its end. */
  async #readOnce(signal: AbortSignal): Promise<void> {
    const reader = (await this.open(signal)).getReader();
    const cancel = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener("abort", cancel);
    const text = new TextDecoder();
    const parser = new EventParser();
    let timer = window.setTimeout(cancel, SILENCE_MS_MAX);
    try {
      if (signal.aborted) return cancel();
      this.up.set(true);
      this.#tell(null);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        window.clearTimeout(timer);
        timer = window.setTimeout(cancel, SILENCE_MS_MAX);
        for (const event of parser.push(text.decode(value, { stream: true }))) {
          const change = changeOf(event);
          if (change !== undefined) this.#tell(change);
        }
      }
    } finally {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    }
  }

  #tell(change: Change | null): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

/** The pause before try number `failures` + 1: doubling, at most 30 s, half of it random. `random` is in [0, 1]. */
export function backOffMs(failures: number, random: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** failures, PAUSE_MS_MAX);
  return full / 2 + (random * full) / 2;
}

/** Refusals that another try does not change: the sign-in has ended, or the server tells no events. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && ["signedOut", "forbidden", "notFound"].includes(error.kind);
}

/** Null where the server says that some were missed; undefined for what these pages do not know. */
function changeOf({ name, data }: ServerEvent): Change | null | undefined {
  if (name === "reload") return null;
  if (name !== "photos" && name !== "job") return undefined;
  try {
    const { job_id: jobId } = JSON.parse(data) as { job_id?: unknown };
    return typeof jobId === "string" ? { kind: name, jobId } : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = window.setTimeout(done, ms);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
