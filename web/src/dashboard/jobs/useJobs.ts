import { useEffect, useMemo, useState } from "preact/hooks";
import { listJobs, readJob } from "../../api/calls";
import type { Api } from "../../api/client";
import type { Live } from "../../lib/live";
import { useStore } from "../../lib/store";
import { useRefresh } from "../../lib/useRefresh";
import { EVERYTHING, type JobFilter, JobList, type JobListState } from "./jobList";

const PAGE_SIZE = 100;
/** How often the list is asked for without live news, and with them. */
const REFRESH_MS = 60_000;
const REFRESH_LIVE_MS = 600_000;
/** A search begins when the typing has paused this long. */
const TYPING_MS = 200;
/** Changes within this time are asked for together. */
const GATHER_MS = 250;
/** More changed jobs than this at one time are cheaper as a refresh. */
const SINGLE_JOBS_MAX = 5;

export interface Jobs {
  list: JobList;
  state: JobListState;
  /** What the fields say; the list follows a moment later. */
  filter: JobFilter;
  setFilter: (filter: JobFilter) => void;
}

/** The job list of the dashboard: made once, it outlives every search. */
export function createJobList(api: Api): JobList {
  return new JobList({
    page: (filter, cursor, signal) =>
      listJobs(
        api,
        {
          limit: PAGE_SIZE,
          ...(filter.query === "" ? {} : { q: filter.query }),
          ...(filter.status === null ? {} : { status: filter.status }),
          ...(cursor === null ? {} : { cursor }),
        },
        signal,
      ),
    one: (jobId) => readJob(api, jobId),
  });
}

/** The job list with its search, kept fresh. */
export function useJobs(list: JobList, live: Live): Jobs {
  const [filter, setFilter] = useState(EVERYTHING);
  const query = useSettled(filter.query.trim(), TYPING_MS);
  const { status } = filter;
  useEffect(() => void list.find({ query, status }), [list, query, status]);

  const refresh = useMemo(() => () => void list.refresh(), [list]);
  const isLive = useStore(live.up);
  useRefresh(refresh, isLive ? REFRESH_LIVE_MS : REFRESH_MS);
  useEffect(() => live.onChange(gather(list)), [list, live]);

  return { list, state: useStore(list.state), filter, setFilter };
}

/** Asks for what others changed, a moment later and all at once. */
function gather(list: JobList): Parameters<Live["onChange"]>[0] {
  const changed = new Set<string>();
  let timer = 0;
  let all = false;
  const ask = () => {
    timer = 0;
    const ids = [...changed];
    changed.clear();
    if (all || ids.length > SINGLE_JOBS_MAX) void list.refresh();
    else for (const id of ids) void list.refreshJob(id);
    all = false;
  };
  return (change) => {
    // A job the list does not hold may be a new one.
    if (change === null || (change.kind === "job" && !list.holds(change.jobId))) all = true;
    if (change !== null) changed.add(change.jobId);
    if (timer === 0) timer = window.setTimeout(ask, GATHER_MS);
  };
}

/** `value` once it has not changed for `ms`. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(() => value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
