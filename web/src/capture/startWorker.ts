import type { PhotoQueue } from "../queue/photoQueue";

/**
 * Has the service worker ready, over https and on this machine itself. A new version takes over when the page is
 * opened with nothing under way: never in the middle of an upload.
 */
export function startWorker(queue: PhotoQueue): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker
    .register("/capture/sw.js", { scope: "/capture/" })
    .then(({ waiting }) => {
      const idle = queue.items.get().every(({ state }) => state.kind === "stored");
      if (!idle || waiting === null) return;
      // The files of the old version are gone from then on.
      const reload = () => location.reload();
      navigator.serviceWorker.addEventListener("controllerchange", reload, { once: true });
      waiting.postMessage("take over");
    })
    // Without it the page works as long as it is open.
    .catch(() => undefined);
}
