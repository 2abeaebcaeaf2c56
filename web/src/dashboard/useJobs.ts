import { useCallback, useEffect, useState } from "preact/hooks";
import { listJobs } from "../api/calls";
import type { Api } from "../api/client";
import type { Job, JobStatus } from "../api/types";
import { type Pages, usePages } from "../lib/usePages";
import { useRefresh } from "../lib/useRefresh";

const PAGE_SIZE = 50;
const REFRESH_MS = 60_000;
/** A search begins when the typing has paused this long. */
const TYPING_MS = 200;

export interface JobSearch {
  query: string;
  status: JobStatus | null;
}

export interface Jobs {
  pages: Pages<Job>;
  /** What the fields say; the list follows a moment later. */
  search: JobSearch;
  setSearch: (search: JobSearch) => void;
}

/** The job list with its search. */
export function useJobs(api: Api): Jobs {
  const [search, setSearch] = useState<JobSearch>({ query: "", status: null });
  const query = useSettled(search.query.trim(), TYPING_MS);
  const { status } = search;
  const load = useCallback(
    (cursor: string | undefined, signal: AbortSignal) =>
      listJobs(
        api,
        {
          limit: PAGE_SIZE,
          ...(query === "" ? {} : { q: query }),
          ...(status === null ? {} : { status }),
          ...(cursor === undefined ? {} : { cursor }),
        },
        signal,
      ),
    [api, query, status],
  );
  const pages = usePages(load, 1);
  useRefresh(pages.reload, REFRESH_MS);
  return { pages, search, setSearch };
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
