import { useEffect, useMemo } from "preact/hooks";
import { openEvents } from "../api/calls";
import type { Api } from "../api/client";
import { Live } from "../lib/live";

/** The first view has the line to itself; what changes in this time is asked for when the news begin. */
const LATER_MS = 5_000;

/** News of the customer's jobs and photos, a moment after the page has opened. */
export function useLive(api: Api): Live {
  const live = useMemo(() => new Live((signal) => openEvents(api, signal)), [api]);
  useEffect(() => {
    let stop: (() => void) | undefined;
    const timer = window.setTimeout(() => {
      stop = live.start();
    }, LATER_MS);
    return () => {
      window.clearTimeout(timer);
      stop?.();
    };
  }, [live]);
  return live;
}
