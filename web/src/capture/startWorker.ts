import type { PhotoQueue } from "../queue/photoQueue";

/**
 * Has the service worker ready, over https and on this machine itself. A new version takes over when the page is left with
 * nothing under way: never while it is open, where a camera may be in front of it.
 */
export function startWorker(queue: PhotoQueue): void {
  if (!("serviceWorker" in navigator)) return;
  const register = () => navigator.serviceWorker.register("/capture/sw.js", { scope: "/capture/" });
  // What drops the photos drops the worker with them.
  queue.storeLosses.watch(() => void register().catch(() => undefined));
  register()
    .then((registration) => {
      window.addEventListener("pagehide", ({ persisted }) => {
        const idle = queue.items.get().every(({ state }) => state.kind === "stored");
        if (idle && !persisted) registration?.waiting?.postMessage("take over");
      });
    })
    // Without it the page works as long as it is open.
    .catch(() => undefined);
}
