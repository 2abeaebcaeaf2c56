import { gzipSync } from "node:zlib";
import type { Page, Response } from "@playwright/test";
import { expect, PHONE, test } from "./fixtures";
import { BIG, SMALL } from "./photos";
import { addPhotos, type Seed } from "./seed";

/** Script and style that the customer's first view may take, compressed. */
const FIRST_VIEW_BYTES_MAX = 60_000;
/** What is wanted on the slow line; the line's part of it is emulated, the processor's is not. */
const LCP_MS = 1_500;
const CLS_MAX = 0.02;
const PHOTOS = 60;
const VIEWS_MAX = 3;

interface Seen {
  lcp: number;
  shifted: number;
}

/** Lets the page note its largest paint and every shift of its layout from the first moment on. */
async function watch(page: Page): Promise<() => Promise<Seen>> {
  await page.addInitScript(() => {
    const seen = { lcp: 0, shifted: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.lcp = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        seen.shifted += (entry as PerformanceEntry & { value: number }).value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
}

/** 1.6 Mbit/s down with round trips of 150 ms, as Lighthouse's slow 4G. */
async function slow4G(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: 1_600_000 / 8,
    uploadThroughput: 750_000 / 8,
  });
}

const plain = (): Seed[] =>
  Array.from({ length: PHOTOS }, (_, index) => ({ file: index % 2 ? BIG : SMALL }));

const tagged = (): Seed[] =>
  plain().map((seed, index) => ({
    ...seed,
    phase: index < 20 ? "before" : index < 40 ? "during" : "after",
  }));

/** How long this machine, busy as it is, takes for the same page without the slow line. */
async function onQuickLine(page: Page, link: string): Promise<number> {
  const seen = await watch(page);
  await page.goto(link);
  await expect(page.locator("[data-photo-id] img").first()).toHaveJSProperty("complete", true);
  return (await seen()).lcp;
}

interface View extends Seen {
  /** Compressed script and style until somebody touches the page. */
  bytes: number;
  /** Whether the server sent them compressed. */
  packed: boolean;
  asked: string[];
  /** Large copies asked for before anybody touched the page. */
  large: number;
  /** How often a small copy was asked for that was asked for before. */
  twice: number;
}

/** Opens a customer's link on a phone with a slow line and an empty memory. */
async function firstView(page: Page, link: string): Promise<View> {
  const seen = await watch(page);
  await slow4G(page);
  const loaded = new Map<string, Response>();
  const asked: string[] = [];
  const pictures: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "image") pictures.push(request.url());
    if (/\/(session|jobs|list_photos|config\.json)/.test(request.url())) asked.push(request.url());
  });
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!/\.(js|css)$/.test(pathname)) return;
    loaded.set(pathname, response);
  });
  await page.goto(link);
  await expect(page.locator("[data-photo-id] img").first()).toHaveJSProperty("complete", true);
  const askedFirst = [...asked];
  // All that moves, is painted larger or is loaded ahead does so by then.
  await page.waitForTimeout(4_500);
  let [bytes, packed] = [0, true];
  for (const response of loaded.values()) {
    const body = await response.body();
    bytes += gzipSync(body).length;
    // Smaller ones fit into one packet as they are.
    packed &&= body.length < 1_000 || response.headers()["content-encoding"] !== undefined;
  }
  const large = pictures.filter((url) => new URL(url).pathname.endsWith("/display")).length;
  const twice = pictures.length - new Set(pictures).size;
  return { ...(await seen()), bytes, packed, asked: askedFirst, large, twice };
}

for (const [name, seeds] of [
  ["a plain gallery", plain()],
  ["before and after", tagged()],
] as const) {
  test(`${PHOTOS} photos are there at once on a slow line and nothing jumps: ${name}`, async ({
    server,
    openPage,
  }) => {
    test.setTimeout(180_000);
    const jobId = await server.addJob(`Slow line, ${name}`);
    await addPhotos(server, jobId, seeds);
    const link = await server.mintLink(jobId, "customer");
    const views: View[] = [];
    // What else the machine does only adds to the time: the best of a few views is the page's own.
    for (let view = 0; view < VIEWS_MAX; view += 1) {
      const page = await openPage("about:blank", { ...PHONE, deviceScaleFactor: 3 });
      views.push(await firstView(page, link));
      await page.close();
      if (views.some(({ lcp }) => lcp < LCP_MS)) break;
    }
    for (const { shifted, bytes, packed, asked, large, twice } of views) {
      expect(packed, "scripts and styles come compressed").toBe(true);
      expect(shifted).toBeLessThan(CLS_MAX);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(FIRST_VIEW_BYTES_MAX);
      expect(new Set(asked).size, "nothing is asked twice").toBe(asked.length);
      expect(twice, "no picture is asked for twice").toBe(0);
      expect(large, "large copies that take the line from what is on the screen").toBe(0);
    }
    const lcp = Math.min(...views.map((view) => view.lcp));
    test.info().annotations.push({ type: "LCP in ms", description: String(Math.round(lcp)) });
    // eslint-disable-next-line no-console -- the number is the point, whatever this machine makes of it.
    console.log(`largest paint after ${Math.round(lcp)} ms, ${name}; ${LCP_MS} are wanted`);
    const page = await openPage("about:blank", { ...PHONE, deviceScaleFactor: 3 });
    const own = await onQuickLine(page, link);
    expect(lcp, `${Math.round(own)} ms are the machine's own`).toBeLessThan(LCP_MS + 3 * own);
  });
}
