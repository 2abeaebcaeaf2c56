import { useCallback, useEffect, useState } from "preact/hooks";
import { isAbort } from "../api/client";

/** One page of a list as the contract gives it. */
export interface Page<T> {
  items: readonly T[];
  next: string | null;
}

/** Loads the page that `cursor` names, the first one for undefined. */
export type LoadPage<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;

/** A list with its four states; `ready` without items is the empty one. */
export interface Pages<T> {
  kind: "loading" | "error" | "ready";
  items: readonly T[];
  /** True when the server has more than was loaded. */
  more: boolean;
  /** What went wrong; in state `ready` the items are then those of an earlier time. */
  error: unknown;
  reload: () => void;
  loadMore: () => void;
  /** Shows items otherwise until the next reload: what a change made here did to them. */
  replace: (change: (item: T) => T) => void;
}

interface Loaded<T> {
  load: LoadPage<T>;
  items: readonly T[];
  more: boolean;
  error: unknown;
}

/**
 * The first `step` pages of a list, `step` more with each `loadMore`. A reload or a change of `load` keeps the old
 * items on screen until the new ones are there, so that nothing flickers. `load` must be stable between renders.
 */
export function usePages<T>(load: LoadPage<T>, step: number): Pages<T> {
  const [loaded, setLoaded] = useState<Loaded<T> | null>(null);
  const [failed, setFailed] = useState<{ load: LoadPage<T>; error: unknown } | null>(null);
  const [want, setWant] = useState({ load, pages: step, round: 0 });
  const pages = want.load === load ? want.pages : step;

  // a new round asks again for the same pages.
  useEffect(() => {
    const stop = new AbortController();
    const show = (items: readonly T[], more: boolean) => {
      setLoaded({ load, items, more, error: null });
      setFailed(null);
    };
    loadPages(load, pages, stop.signal).then(
      ({ items, more }) => show(items, more),
      (error) => {
        if (!isAbort(error) && !stop.signal.aborted) setFailed({ load, error });
      },
    );
    return () => stop.abort();
  }, [load, pages, want.round]);

  const ask = useCallback(
    (extra: number) =>
      setWant((old) => ({
        load,
        pages: (old.load === load ? old.pages : step) + extra,
        round: old.round + 1,
      })),
    [load, step],
  );
  const reload = useCallback(() => ask(0), [ask]);
  const loadMore = useCallback(() => ask(step), [ask, step]);

  const replace = useCallback(
    (change: (item: T) => T) =>
      setLoaded((old) => (old === null ? old : { ...old, items: old.items.map(change) })),
    [],
  );

  const error = failed?.load === load ? failed.error : null;
  if (error !== null && loaded?.load !== load) {
    return { kind: "error", items: [], more: false, error, reload, loadMore, replace };
  }
  const { items, more } = loaded ?? { items: [], more: false };
  return {
    kind: loaded === null ? "loading" : "ready",
    items,
    more,
    error,
    reload,
    loadMore,
    replace,
  };
}

/** Follows the cursors through at most `pagesMax` pages. */
export async function loadPages<T>(
  load: LoadPage<T>,
  pagesMax: number,
  signal: AbortSignal,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { items: some, next } = await load(cursor, signal);
    items.push(...some);
    if (next === null) return { items, more: false };
    cursor = next;
  }
  return { items, more: true };
}
