/**
 * The service worker of the capture page: it opens the page without a network, takes what the phone's gallery shares,
 * and sends what is left when the page is gone.
 */
import {
  cleanupOutdatedCaches,
  getCacheKeyForURL,
  matchPrecache,
  precacheAndRoute,
} from "workbox-precaching";
import { abortAfter } from "../lib/abort";
import { sendLeft } from "./sendLeft";
import { type FetchEvent, scope } from "./scope";
import { takeShared } from "./share";

/** The files of the page in this build, put here by `vite.config.ts`. */
declare const PAGE_FILES: { url: string; revision: string | null; integrity?: string }[];

const PAGE = "/capture/";
const SHARE = "/capture/share";
/** Also the tag that the page registers. */
const SYNC = "qdn-photos";

cleanupOutdatedCaches();
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === SHARE) event.respondWith(takeShared(event));
  else if (request.mode === "navigate" && url.pathname.startsWith(PAGE)) openPage(event);
});
// Behind ours: the first listener that answers wins.
precacheAndRoute(PAGE_FILES, { cleanURLs: false, directoryIndex: "" });

scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener("sync", (event) => {
  if (event.tag === SYNC) event.waitUntil(sendLeft());
});

scope.addEventListener("message", (event) => {
  if (event.origin !== location.origin) return;
  // The page says so when nothing is under way: the next visit is then the new version.
  if (event.data === "take over") event.waitUntil(scope.skipWaiting());
});

/** The page from the phone, at once, whatever the network does. Its policy header is kept up to date behind it. */
function openPage(event: FetchEvent): void {
  event.respondWith(
    (async () => {
      const kept = await inTime(matchPrecache(PAGE));
      if (kept === undefined) return fetch(event.request);
      event.waitUntil(renewHeaders(kept.clone()));
      return kept;
    })(),
  );
}

/** How long the browser may take to find the page in its cache, which a full disk may have damaged. */
const CACHE_MS_MAX = 4_000;

function inTime<T>(found: Promise<T | undefined>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, CACHE_MS_MAX));
  return Promise.race([found.catch(() => undefined), late]);
}

/**
 * The page's policy names the store that photos go to. When only that has changed, no new build will come to tell: the
 * kept copy is replaced by one with the same text and the new headers. A new build is the business of its own worker.
 */
async function renewHeaders(kept: Response): Promise<void> {
  try {
    const fresh = await fetch(PAGE, { cache: "no-cache", signal: abortAfter(20_000) });
    const policy = "content-security-policy";
    if (!fresh.ok || fresh.headers.get(policy) === kept.headers.get(policy)) return;
    if ((await fresh.clone().text()) !== (await kept.text())) return;
    const key = getCacheKeyForURL(PAGE);
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      if (key !== undefined && (await cache.match(key))) await cache.put(key, fresh.clone());
    }
  } catch {
    // Without a network the copy is as good as it was.
  }
}
