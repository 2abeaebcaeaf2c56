import { isAbort } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { Job, JobStatus } from "../../api/types";
import { createStore } from "../../lib/store";
import type { Page } from "../../lib/usePages";

export interface JobFilter {
  query: string;
  status: JobStatus | null;
}

export const EVERYTHING: JobFilter = { query: "", status: null };

/** The list as far as it is loaded. */
export interface JobListState {
  /** `ready` without jobs is the empty list. */
  kind: "loading" | "error" | "ready";
  /** What the jobs were asked for with; the search fields are a moment ahead of it. */
  filter: JobFilter;
  jobs: readonly Job[];
  /** Where the next page begins; null at the end. */
  next: string | null;
  /** What went wrong last; in state `ready` the jobs are then those of an earlier time. */
  error: unknown;
}

export interface JobSource {
  page(filter: JobFilter, cursor: string | null, signal: AbortSignal): Promise<Page<Job>>;
  one(jobId: string): Promise<Job>;
}

/** First pages asked for to close the gap that many new jobs at once leave; beyond them the list begins anew. */
const REFRESH_PAGES_MAX = 4;

/**
 * The job list, page by page. A refresh asks for the first page alone and merges it; single jobs are asked for one
 * by one when they change. What was loaded stays on screen until the new is there.
 */
export class JobList {
  readonly state = createStore<JobListState>({
    kind: "loading",
    filter: EVERYTHING,
    jobs: [],
    next: null,
    error: null,
  });
  #filter = EVERYTHING;
  #stop = new AbortController();
  /** What is on its way: a second wish for the same joins it. */
  #refreshing: Promise<void> | null = null;
  #loadingMore: Promise<void> | null = null;

  constructor(private readonly source: JobSource) {}

  /** Begins a list of other jobs. */
  find(filter: JobFilter): Promise<void> {
    this.#filter = filter;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#loadingMore = null;
    this.#refreshing = null;
    return this.refresh();
  }

  /** Asks for the newest jobs and merges them. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#guard((signal) => this.#refreshNow(signal)).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Loads the page after the last one. */
  loadMore(): Promise<void> {
    const { next, filter } = this.state.get();
    if (next === null || filter !== this.#filter) return Promise.resolve();
    this.#loadingMore ??= this.#guard(async (signal) => {
      // A refresh may move the end of the list while its next page is on the way: then that is asked for.
      for (let cursor: string | null = next; cursor !== null;) {
        const page: Page<Job> = await this.source.page(filter, cursor, signal);
        const old = this.state.get();
        if (old.next === cursor) {
          this.state.set({ ...old, ...appended(old.jobs, page), error: null });
          return;
        }
        cursor = old.next;
      }
    }).finally(() => {
      this.#loadingMore = null;
    });
    return this.#loadingMore;
  }

  /** Asks for one job again; one that is gone leaves the list. */
  async refreshJob(jobId: string): Promise<void> {
    try {
      this.put(await this.source.one(jobId));
    } catch (error) {
      if (error instanceof ApiError && error.kind === "notFound") this.#drop(jobId);
    }
  }

  /** Shows a job as it is now. One the list does not hold joins it only by a refresh, which knows where it stands. */
  put(job: Job): void {
    const old = this.state.get();
    if (!old.jobs.some((other) => other.job_id === job.job_id)) return;
    const { status } = this.#filter;
    if (status !== null && job.status !== status) return this.#drop(job.job_id);
    const jobs = old.jobs.map((other) => (other.job_id === job.job_id ? job : other));
    this.state.set({ ...old, jobs });
  }

  holds(jobId: string): boolean {
    return this.state.get().jobs.some((job) => job.job_id === jobId);
  }

  #drop(jobId: string): void {
    const old = this.state.get();
    this.state.set({ ...old, jobs: old.jobs.filter((job) => job.job_id !== jobId) });
  }

  /** The first page, merged with what is loaded; more of them where none of it is reached yet. */
  async #refreshNow(signal: AbortSignal): Promise<void> {
    const filter = this.#filter;
    let fresh: readonly Job[] = [];
    let cursor: string | null = null;
    for (let pages = 1; ; pages += 1) {
      const page: Page<Job> = await this.source.page(filter, cursor, signal);
      fresh = [...fresh, ...page.items];
      cursor = page.next;
      // As it is now: more may have been loaded since this was asked for.
      const old = this.state.get();
      const loaded = old.filter === filter ? old : { jobs: [], next: null };
      const anew = pages >= REFRESH_PAGES_MAX ? { jobs: fresh, next: cursor } : null;
      const merged = withNewest(loaded, fresh, cursor) ?? anew;
      if (merged === null) continue;
      this.state.set({ kind: "ready", filter, ...merged, error: null });
      return;
    }
  }

  async #guard(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const old = this.state.get();
      const kind = old.kind === "ready" && old.filter === this.#filter ? "ready" : "error";
      this.state.set({ ...old, kind, error });
    }
  }
}

/** Whether `a` stands below `b`: the list is ordered by when a job was added, newest first, then by id. */
export function isBelow(a: Job, b: Job): boolean {
  const [at, bt] = [a, b].map((job) => Date.parse(job.created_at ?? ""));
  if (at !== bt) return Number(at) < Number(bt);
  return a.job_id < b.job_id;
}

/**
 * `fresh`, the newest jobs as the server gives them, followed by the loaded jobs that stand below them. Null where
 * jobs may be missing between the two.
 */
export function withNewest(
  loaded: { jobs: readonly Job[]; next: string | null },
  fresh: readonly Job[],
  next: string | null,
): { jobs: readonly Job[]; next: string | null } | null {
  const last = fresh.at(-1);
  const newestLoaded = loaded.jobs[0];
  if (next === null || last === undefined || newestLoaded === undefined)
    return { jobs: fresh, next };
  if (isBelow(newestLoaded, last)) return null;
  const rest = loaded.jobs.filter((job) => isBelow(job, last));
  return rest.length === 0
    ? { jobs: fresh, next }
    : { jobs: [...fresh, ...rest], next: loaded.next };
}

/** The loaded jobs and the next page, none of them twice. */
export function appended(
  jobs: readonly Job[],
  page: Page<Job>,
): { jobs: readonly Job[]; next: string | null } {
  const known = new Set(jobs.map((job) => job.job_id));
  return {
    jobs: [...jobs, ...page.items.filter((job) => !known.has(job.job_id))],
    next: page.next,
  };
}
