import { useEffect } from "preact/hooks";

import type { openViewer } from "./viewer";

export interface ViewerModule {
  openViewer: typeof openViewer;
}

let loading: Promise<ViewerModule> | null = null;
let loaded: ViewerModule | null = null;

/** Loads the viewer once; a failed try may be made again. */
export function loadViewer(): Promise<ViewerModule> {
  loading ??= import("./viewer").then(
    (module) => (loaded = module),
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** The viewer where it is there already. */
export function viewerAtHand(): ViewerModule | null {
  return loaded;
}

/** Loads the viewer ahead of the press that a pointer or the focus on a tile announces. */
export function warmViewer(): void {
  loadViewer().catch(() => undefined);
}

const IDLE_MS = 3_000;

/** Loads the viewer when the page has been quiet for a while, so that the first photo opens at once. */
export function useViewerSoon(wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = window.setTimeout(warmViewer, IDLE_MS);
    return () => window.clearTimeout(timer);
  }, [wanted]);
}
