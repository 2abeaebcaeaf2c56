import { useLayoutEffect, useRef } from "preact/hooks";
import type { Job } from "../../api/types";
import { createStore, useStore } from "../../lib/store";
import { openJob, openJobId, rowId } from "../route";

/** The row that Tab reaches and arrow keys move from. It stays in the page when it is scrolled away. */
export const activeRow = createStore<string | null>(null);

/** A wish for the focus, granted as soon as the row is in the page. */
const wanted = createStore<{ jobId: string } | null>(null);

export function focusRow(jobId: string): void {
  activeRow.set(jobId);
  wanted.set({ jobId });
}

/**
 * Moves by `by` rows in the list: with the focus in an open drawer the neighbour's drawer opens, else its row gets the
 * focus. False where there is no row to move to.
 */
export function moveInList(jobs: readonly Job[], by: number): boolean {
  const openId = openJobId.get();
  const inDrawer = hasFocus(".drawer");
  const from = jobs.findIndex((job) => job.job_id === (inDrawer ? openId : activeRow.get()));
  const fromList = hasFocus(".job-list");
  // From outside the list the first key goes to the row where one was last.
  const to = inDrawer || fromList ? from + by : Math.max(from, 0);
  const job = jobs[Math.min(Math.max(to, 0), jobs.length - 1)];
  if (job === undefined) return false;
  if (inDrawer) {
    activeRow.set(job.job_id);
    if (job.job_id !== openId) openJob(job.job_id);
  } else focusRow(job.job_id);
  return true;
}

function hasFocus(selector: string): boolean {
  return document.activeElement?.closest(selector) instanceof Element;
}

/**
 * Gives the focus to the row that is wished for; and to a neighbour when the row that had it leaves the list, so that
 * a keyboard never falls back to the top of the page.
 */
export function useRowFocus(jobs: readonly Job[], fallback: { current: HTMLElement | null }): void {
  const wish = useStore(wanted);
  const index = useRef(0);
  useLayoutEffect(() => {
    if (wish === null) return;
    document.getElementById(rowId(wish.jobId))?.focus();
    wanted.set(null);
  }, [wish]);

  useLayoutEffect(() => {
    const active = activeRow.get();
    if (active === null) return;
    const at = jobs.findIndex((job) => job.job_id === active);
    if (at >= 0) {
      index.current = at;
      return;
    }
    const neighbour = jobs[Math.min(index.current, jobs.length - 1)];
    activeRow.set(neighbour?.job_id ?? null);
    if (openJobId.get() !== null || document.activeElement !== document.body) return;
    if (neighbour === undefined) fallback.current?.focus();
    else focusRow(neighbour.job_id);
  }, [jobs, fallback]);
}
