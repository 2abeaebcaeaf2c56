import {
  type BrowserContextOptions,
  test as base,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import { Server } from "./server";

/** Opens pages of people who share nothing: each has a browser profile of its own. */
export type OpenPage = (url: string, options?: PersonOptions) => Promise<Page>;

export interface PersonOptions extends BrowserContextOptions {
  /** Console errors that the test brings about on purpose, such as the browser's line about a 404. */
  expected?: RegExp;
}

/** The profile of a phone. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};

/** How many times slower than this machine the pages run: a test that looks too early is found that way. */
const SLOWER = Number(process.env.QDN_BROWSER_SLOWER ?? "1");

async function slowDown(page: Page): Promise<void> {
  if (SLOWER === 1) return;
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
}

interface PerTest {
  openPage: OpenPage;
}
interface PerWorker {
  server: Server;
}

export const test = base.extend<PerTest, PerWorker>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  openPage: async ({ browser }, use) => {
    const complaints: string[] = [];
    const contexts: { close(): Promise<void> }[] = [];
    await use(async (url, { expected, ...options } = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          // eslint-disable-next-line no-console -- the console is where the test listens.
          console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      const page = await context.newPage();
      await slowDown(page);
      page.on("console", (message) => {
        const bad = message.type() === "error" || message.type() === "warning";
        if (bad && !expected?.test(message.text())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(url);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(complaints, "console errors, page errors and policy violations").toEqual([]);
  },
});

export { expect };

/** The pictures of photos in a grid. */
export const photosIn = (page: Page): Locator => page.locator(".tile button[data-photo-id] img");

/** Waits until `count` photos are shown, each decoded, and returns their addresses. */
export async function expectPhotos(page: Page, count: number): Promise<string[]> {
  const images = photosIn(page);
  // A list that comes meanwhile may put photos in another order, and their pictures elsewhere.
  await expect(async () => {
    await expect(images).toHaveCount(count, { timeout: 10_000 });
    for (const image of await images.all()) {
      await image.scrollIntoViewIfNeeded({ timeout: 2_000 });
      await expect(image).not.toHaveJSProperty("naturalWidth", 0, { timeout: 2_000 });
    }
  }).toPass({ timeout: 60_000 });
  return images.evaluateAll((elements) => elements.map((e) => (e as HTMLImageElement).currentSrc));
}

/**
 * Notes from now on whether a text stands on the page, however shortly: what goes by itself may be gone before anybody
 * looks. The answer waits until it was there.
 */
export async function noticing(page: Page, text: string): Promise<() => Promise<void>> {
  await page.evaluate((wanted) => {
    const noticed = ((window as { noticed?: Set<string> }).noticed ??= new Set());
    const look = () => document.body.textContent?.includes(wanted) && noticed.add(wanted);
    look();
    const parts = { childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(document.body, parts);
  }, text);
  const wasThere = (wanted: string) =>
    (window as { noticed?: Set<string> }).noticed?.has(wanted) ?? false;
  return () => expect.poll(() => page.evaluate(wasThere, text), `was “${text}” said`).toBe(true);
}

/** The large picture of the photo that is open. */
export const openPicture = (page: Page): Locator =>
  page.locator(
    '.lightbox .pswp__item[aria-hidden="false"] img.pswp__img:not(.pswp__img--placeholder)',
  );

/** Chooses files on a page as a person does in the file dialog. */
export const fileInput = (page: Page): Locator => page.locator("input[type=file][multiple]");

export const uploadRow = (page: Page, name: string): Locator =>
  page.locator(".upload-row", { hasText: name });
