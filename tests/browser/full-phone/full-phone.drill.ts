import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";
import { fileInput } from "../fixtures";
import { Phone, truth, worksOffline } from "../phone";
import { SMALL } from "../photos";
import { Server } from "../server";
import { SmallDisk } from "./disk";

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
});

const DISK_MIB = 150;
const PHOTOS = 10;
const PHOTO_BYTES = 600_000;
/** How long until everything must be on the server or named: an upload that stalls is given up after 60 s. */
const SETTLED_MS_MAX = 120_000;

/** When the disk runs full. */
const MOMENTS = [
  "kept without signal",
  "while being kept",
  "before the first grant",
  "while the first is sent",
  "before the server has shown the first",
  "after some are safe",
  "between two batches",
  "with two windows open",
  "and has room again",
  "while nothing comes through",
] as const;
type Moment = (typeof MOMENTS)[number] | "too small from the start";
const SOURCES = ["picker", "camera"] as const;
type Source = (typeof SOURCES)[number];
/** What happens to the page when the disk is full. */
const ENDS = ["alive", "reloaded", "closed"] as const;
type End = (typeof ENDS)[number];

const NOTE = {
  type: "drill",
  description: "needs root: it mounts a loop device as the browser's profile folder",
};
const RUNS = Number(process.env.QDN_FULL_PHONE_RUNS ?? "0");
const SEED = process.env.QDN_FULL_PHONE_SEED ?? "";

for (const [at, moment] of MOMENTS.entries()) {
  const source = SOURCES[at % 2] ?? "picker";
  test(`${moment}: a phone that runs full loses no photo of an open page (${source})`, async ({
    server,
  }) => {
    test.info().annotations.push(NOTE);
    await drill(server, moment, source, "alive");
  });
}
for (const [moment, source, end] of [
  ["kept without signal", "picker", "reloaded"],
  ["between two batches", "camera", "closed"],
] as const) {
  test(`${moment}: what a full phone loses with a page that is ${end} is named (${source})`, async ({
    server,
  }) => {
    await drill(server, moment, source, end);
  });
}

test("a phone that has room for some photos only sends all of them", async ({ server }) => {
  await drill(server, "too small from the start", "camera", "alive", 40);
});

test.describe(`random runs, seed ${SEED}`, () => {
  for (let run = 0; run < RUNS; run += 1) {
    const bytes = createHash("sha256").update(`${SEED} ${run}`).digest();
    const [moment, source, end] = [
      pick(MOMENTS, bytes[0]),
      pick(SOURCES, bytes[1]),
      pick(ENDS, bytes[2]),
    ];
    test(`run ${run + 1}: ${moment}, ${source}, ${end}`, async ({ server }) => {
      const { safe, named } = await drill(server, moment, source, end);
      // eslint-disable-next-line no-console -- the numbers are what the long form is run for.
      console.log(`run ${run + 1}: ${moment}, ${source}, ${end}: ${safe} safe, ${named} named`);
    });
  }
});

function pick<T>(list: readonly T[], byte = 0): T {
  return list[byte % list.length] as T;
}

interface Drill {
  server: Server;
  disk: SmallDisk;
  context: BrowserContext;
  page: Page;
  source: Source;
  folder: string;
  link: string;
  title: string;
  /** The names of the photos that were taken. */
  taken: string[];
}

/** Takes photos, fills the disk at the moment, and holds the page to its word. */
async function drill(
  server: Server,
  moment: Moment,
  source: Source,
  end: End,
  diskMib = DISK_MIB,
): Promise<{ safe: number; named: number }> {
  const disk = await SmallDisk.mount(diskMib);
  const folder = await mkdtemp(join(tmpdir(), "qdn-camera-"));
  const phone = Phone.inFolder(disk.folder);
  try {
    const title = `Full phone ${randomBytes(3).toString("hex")}`;
    const jobId = await server.addJob(title);
    const link = await server.mintLink(jobId, "crew");
    const context = await phone.start();
    const page = await open(context, link);
    await worksOffline(page);
    const drill = { server, disk, context, page, source, folder, link, title, taken: [] };
    await fillAt(moment, drill);
    const last = await afterwards(end, drill, phone);
    return await expectKept(drill, jobId, last, end);
  } finally {
    await phone.close().catch(() => undefined);
    await disk.unmount();
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(context: BrowserContext, link: string): Promise<Page> {
  const page = await context.newPage();
  page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
  await page.goto(link, { timeout: 60_000 });
  return page;
}

/** Adds photos to the page, as its camera or its library does. */
async function take(drill: Drill, count: number, tag: "Before" | "After"): Promise<void> {
  const { page, source, folder, taken } = drill;
  await page.getByRole("button", { name: tag, exact: true }).click();
  const jpeg = await readFile(SMALL);
  const names = Array.from({ length: count }, (_, at) => `${tag}-${taken.length + at}.jpg`);
  taken.push(...names);
  if (source === "picker") {
    const paths = names.map((name) => join(folder, name));
    for (const path of paths) {
      await writeFile(path, Buffer.concat([jpeg, randomBytes(PHOTO_BYTES)]));
    }
    return fileInput(page).setInputFiles(paths);
  }
  for (const name of names) {
    await page.evaluate(
      ({ name, jpeg, bytes }) => {
        const head = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
        const rest = new Uint8Array(bytes);
        for (let at = 0; at < bytes; at += 65_536) {
          crypto.getRandomValues(rest.subarray(at, Math.min(at + 65_536, bytes)));
        }
        const files = new DataTransfer();
        files.items.add(new File([head, rest], name, { type: "image/jpeg" }));
        const input = document.querySelector<HTMLInputElement>("input[capture]");
        if (input === null) throw new Error("no camera input");
        input.files = files.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      { name, jpeg: jpeg.toString("base64"), bytes: PHOTO_BYTES },
    );
  }
}

async function takeOffline(drill: Drill): Promise<void> {
  await drill.context.setOffline(true);
  await take(drill, PHOTOS, "Before");
  await expect(truth(drill.page)).toHaveText(`${PHOTOS} only on this phone, waiting for signal`);
}

/** Which request the disk runs full at, for the moments on the way; `after`: how many of them pass before. */
const REQUESTS: Partial<Record<Moment, { method: string; url: RegExp; after: number }>> = {
  "before the first grant": { method: "POST", url: /\/upload-url$/, after: 0 },
  "while the first is sent": { method: "POST", url: /\/qdn-uploads\/?$/, after: 0 },
  "before the server has shown the first": { method: "GET", url: /\/photos\/[^/]+$/, after: 0 },
  "after some are safe": { method: "GET", url: /\/photos\/[^/]+$/, after: 4 },
};

async function fillAt(moment: Moment, drill: Drill): Promise<void> {
  const { context, disk } = drill;
  const request = REQUESTS[moment];
  if (request !== undefined) {
    await takeOffline(drill);
    let seen = 0;
    const full = new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`the disk is not full: ${seen} requests were seen`));
      setTimeout(late, SETTLED_MS_MAX);
      void context.route(request.url, async (route) => {
        if (route.request().method() === request.method && seen++ === request.after) {
          disk.fill();
          resolve();
        }
        await route.continue().catch(() => undefined);
      });
    });
    await context.setOffline(false);
    return full;
  }
  if (moment === "while being kept") {
    await context.setOffline(true);
    await take(drill, PHOTOS, "Before");
    disk.fill();
    return context.setOffline(false);
  }
  if (moment === "too small from the start") {
    await context.setOffline(true);
    await take(drill, 4 * PHOTOS, "Before");
    await expect(truth(drill.page)).toContainText(/not saved|only on this phone/);
    await drill.page.waitForTimeout(10_000);
    return context.setOffline(false);
  }
  if (moment === "with two windows open") await open(context, drill.link);
  if (moment === "while nothing comes through") {
    await context.route(/\/upload-url$/, (route) => route.abort());
  }
  await takeOffline(drill);
  disk.fill();
  if (moment === "between two batches") await take(drill, 4, "After");
  await context.setOffline(false);
  if (moment === "and has room again") {
    await drill.page.waitForTimeout(1_500);
    disk.free();
  }
  if (moment === "while nothing comes through") {
    await drill.page.waitForTimeout(4_000);
    await context.unroute(/\/upload-url$/);
  }
}

/** Leaves the page alone, reloads it, or closes the browser and opens it again. The answer is the page then. */
async function afterwards(end: End, drill: Drill, phone: Phone): Promise<Page> {
  if (end === "alive") return drill.page;
  await drill.page.waitForTimeout(Number(randomBytes(1)[0]) * 8);
  if (end === "reloaded") {
    await drill.context.unrouteAll({ behavior: "ignoreErrors" });
    await drill.page.reload();
    return drill.page;
  }
  await phone.close();
  drill.disk.free();
  return open(await phone.start(), drill.link);
}

/** Every photo is on the server, or named by the page with its time, job and tag; none is both. */
async function expectKept(
  { server, title, taken }: Drill,
  jobId: string,
  page: Page,
  end: End,
): Promise<{ safe: number; named: number }> {
  const shown = { safe: [] as string[], named: [] as string[] };
  await expect(async () => {
    shown.safe = (await server.listPhotos(jobId)).map(({ name }) => name);
    shown.named = [];
    const phone = page.getByRole("button", { name: "This phone", exact: true });
    const open = await page.getByRole("heading", { name: "On this phone" }).isVisible();
    if (!open) await phone.click({ timeout: 10_000 });
    const lost = page.locator(".lost-photo");
    for (const text of await lost.allInnerTexts()) {
      expect(text).toContain(title);
      expect(text).toMatch(/^Today, \d+:\d\d.[AP]M · (Before|After)/);
      const name = taken.find((one) => text.includes(one)) ?? "unknown";
      expect(text).toContain(`· ${name.split("-")[0]}`);
      shown.named.push(name);
    }
    await expect(page.locator('.lost-photo[data-certain="false"]')).toHaveCount(0, { timeout: 1 });
    expect([...shown.safe, ...shown.named].sort()).toEqual([...taken].sort());
  }).toPass({ timeout: SETTLED_MS_MAX, intervals: [1_000] });
  if (end === "alive") expect(shown.named, "an open page loses nothing").toEqual([]);
  await page.getByRole("button", { name: "Close" }).click();
  const said = shown.named.length === 0 ? /^All \d+ safe on the server$/ : /lost on this phone/;
  await expect(truth(page)).toHaveText(said);
  return { safe: shown.safe.length, named: shown.named.length };
}
