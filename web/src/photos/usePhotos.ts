import { useCallback, useEffect, useRef } from "preact/hooks";
import { listPhotos } from "../api/calls";
import type { Api } from "../api/client";
import type { Photo } from "../api/types";
import type { Live } from "../lib/live";
import { createStore, useStore } from "../lib/store";
import { type Pages, usePages } from "../lib/usePages";
import { useRefresh } from "../lib/useRefresh";
import { PHOTOS_AHEAD } from "../start/ahead";
import type { UploadNews } from "../upload/uploads";

/** Pages loaded without being asked for: a thousand photos, far more than a job has. */
const PAGES_AT_ONCE = 10;
/** How often the list is asked for without live news, and with them. */
const REFRESH_MS = 20_000;
const REFRESH_LIVE_MS = 300_000;
/** Changes within this time are asked for together. */
const GATHER_MS = 200;
/** While renditions are being made the list is asked for again after 1, 2, 4, 8, 16 and 32 seconds. */
const QUICK_MS = 1_000;
const QUICK_TRIES_MAX = 6;

/** For pages that get no live news. */
const NEVER_UP = createStore(false);

/**
 * The photos of a job, oldest first, kept fresh: after each upload, when `live` tells of a change, while some are
 * processed, and now and then.
 */
export function usePhotos(
  api: Api,
  jobId: string,
  uploads: UploadNews | null,
  live: Live | null = null,
): Pages<Photo> {
  const load = useCallback(
    (cursor: string | undefined, signal: AbortSignal) => {
      const rest = cursor === undefined ? {} : { cursor };
      return listPhotos(api, { job_id: jobId, limit: PHOTOS_AHEAD, ...rest }, signal);
    },
    [api, jobId],
  );
  const pages = usePages(load, PAGES_AT_ONCE);
  const { reload } = pages;
  const isLive = useStore(live?.up ?? NEVER_UP);
  useRefresh(reload, isLive ? REFRESH_LIVE_MS : REFRESH_MS);

  const quickTries = useRef(0);
  useEffect(() => {
    let timer = 0;
    const stop = live?.onChange((change) => {
      if (change !== null && (change.kind !== "photos" || change.jobId !== jobId)) return;
      window.clearTimeout(timer);
      timer = window.setTimeout(reload, GATHER_MS);
    });
    return () => {
      window.clearTimeout(timer);
      stop?.();
    };
  }, [live, jobId, reload]);

  useEffect(() => {
    return uploads?.onStored((storedIn) => {
      if (storedIn !== jobId) return;
      quickTries.current = 0;
      reload();
    });
  }, [uploads, jobId, reload]);

  useEffect(() => {
    uploads?.noteListed(pages.items.map((photo) => photo.photo_id));
  }, [uploads, pages.items]);

  const processing = pages.items.some((photo) => photo.status === "processing");
  // each new list is a reason to look again.
  useEffect(() => {
    if (!processing || quickTries.current >= QUICK_TRIES_MAX) return;
    const timer = window.setTimeout(reload, QUICK_MS * 2 ** quickTries.current);
    quickTries.current += 1;
    return () => window.clearTimeout(timer);
  }, [processing, reload, pages.items]);

  return pages;
}
