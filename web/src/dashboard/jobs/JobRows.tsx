import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Job } from "../../api/types";
import { useStore } from "../../lib/store";
import { ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";
import { rowId } from "../route";
import { JobRow, JobRowSkeleton } from "./JobRow";
import { activeRow, useRowFocus } from "./rowFocus";
import { useRowWindow } from "./rowWindow";
import type { Jobs } from "./useJobs";

/** The next page is asked for when so few rows are left below the screen. */
const NEAR_END = 40;

/** The jobs as equal rows, of which only those near the screen are in the page. */
export function JobRows(props: {
  jobs: Jobs;
  openId: string | null;
  search: { current: HTMLElement | null };
}) {
  const { words } = useWords();
  const { list, state } = props.jobs;
  const { jobs, next, error } = state;
  const element = useRef<HTMLUListElement>(null);
  const range = useRowWindow(element, jobs.length);
  const active = useStore(activeRow);
  useRowFocus(jobs, props.search);
  useSteadyRows(element, jobs);
  useOpenRowInView(props.openId);

  const nearEnd = next !== null && error === null && range.to + NEAR_END >= jobs.length;
  // Each new page is a reason to look whether it is enough.
  useEffect(() => {
    if (nearEnd) void list.loadMore();
  }, [nearEnd, list, jobs]);

  const activeIndex = Math.max(
    jobs.findIndex((job) => job.job_id === active),
    0,
  );
  return (
    <>
      <ul
        ref={element}
        class="job-list"
        aria-label={words.jobs.title}
        style={{ "--rows": jobs.length }}
      >
        {rowsToShow(range, activeIndex, jobs.length).map((index) => {
          const job = jobs[index];
          if (job === undefined) return null;
          return (
            <li
              key={job.job_id}
              style={{ "--index": index }}
              aria-posinset={index + 1}
              aria-setsize={next === null ? jobs.length : -1}
            >
              <JobRow
                job={job}
                open={job.job_id === props.openId}
                tabbable={index === activeIndex}
                onStale={() => void list.refreshJob(job.job_id)}
              />
            </li>
          );
        })}
      </ul>
      {next !== null && error === null && <JobRowSkeleton />}
      {next !== null && error !== null && (
        <ProblemNotice error={error} onRetry={() => void list.loadMore()} />
      )}
    </>
  );
}

/** The window's rows, and the one that Tab reaches wherever it is, in their order. */
function rowsToShow(range: { from: number; to: number }, active: number, count: number): number[] {
  const rows = Array.from({ length: range.to - range.from }, (_, i) => range.from + i);
  if (active >= count) return rows;
  if (active < range.from) return [active, ...rows];
  return active >= range.to ? [...rows, active] : rows;
}

/** When jobs come or go above the screen, what is on it stays where it is. */
function useSteadyRows(element: { current: HTMLElement | null }, jobs: readonly Job[]): void {
  const before = useRef<readonly Job[]>(jobs);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = jobs;
    const list = element.current;
    if (list === null || old === jobs) return;
    const above = -list.getBoundingClientRect().top;
    if (above <= 0) return;
    const rowPx = Number.parseFloat(getComputedStyle(list).getPropertyValue("--row"));
    const index = Math.floor(above / rowPx);
    const seen = old[index]?.job_id;
    const now = jobs.findIndex((job) => job.job_id === seen);
    if (seen !== undefined && now >= 0 && now !== index) window.scrollBy(0, (now - index) * rowPx);
  }, [element, jobs]);
}

/** The row of the open drawer is seen, also when the drawer's own keys went on to it. */
function useOpenRowInView(openId: string | null): void {
  useEffect(() => {
    if (openId !== null)
      document.getElementById(rowId(openId))?.scrollIntoView({ block: "nearest" });
  }, [openId]);
}
