import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, type Page, test as base } from "@playwright/test";
import { fileInput } from "./fixtures";
import { manyPhotos, Phone, shareFiles, truth, worksOffline } from "./phone";
import { BIG } from "./photos";
import { Server } from "./server";

const test = base.extend<{ phone: Phone }, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  phone: async ({}, use) => {
    const phone = await Phone.buy();
    await use(phone);
    await phone.throwAway();
  },
});

const PHOTOS = 100;

/** A phone without signal whose page has taken photos for a new job. */
async function takenWithoutSignal(server: Server, phone: Phone, title: string, count: number) {
  const jobId = await server.addJob(title);
  const context = await phone.start();
  const page = await context.newPage();
  await page.goto(await server.mintLink(jobId, "crew"));
  await worksOffline(page);
  await context.setOffline(true);
  await fileInput(page).setInputFiles(await manyPhotos(count));
  await expect(truth(page)).toHaveText(`${count} only on this phone, waiting for signal`);
  return { jobId, context, page };
}

/** A proxy that nobody runs, for every address. */
const NO_WAY_OUT = ["--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>"];

test("a hundred photos taken without signal survive a crash of the phone and arrive once each", async ({
  server,
  phone,
}) => {
  test.slow();
  const jobId = await server.addJob("Basement without signal");
  const link = await server.mintLink(jobId, "crew");
  let context = await phone.start();
  let page = await context.newPage();
  await page.goto(link);
  await worksOffline(page);
  await context.setOffline(true);

  const photos = await manyPhotos(PHOTOS);
  for (let at = 0; at < PHOTOS; at += 25) {
    await fileInput(page).setInputFiles(photos.slice(at, at + 25));
    await expect(truth(page)).toHaveText(`${at + 25} only on this phone, waiting for signal`, {
      timeout: 30_000,
    });
  }
  await phone.crash();

  // Next morning: bars on the display, but nothing comes through.
  context = await phone.start(...NO_WAY_OUT);
  page = await context.newPage();
  await page.goto(`${server.ready.api}/capture/`);
  await expect(page.getByRole("heading", { name: "Basement without signal" })).toBeVisible();
  await expect(page.locator(".tile")).toHaveCount(PHOTOS, { timeout: 30_000 });
  await expect(truth(page)).toHaveText(`${PHOTOS} only on this phone, waiting for signal`);
  expect(await server.listPhotos(jobId)).toEqual([]);
  await phone.crash();

  context = await phone.start();
  page = await context.newPage();
  await page.goto(`${server.ready.api}/capture/`);
  await expect(truth(page)).toHaveText(`All ${PHOTOS} safe on the server`, { timeout: 120_000 });
  const listed = await server.listPhotos(jobId);
  expect(listed).toHaveLength(PHOTOS);
  const sums = await Promise.all(listed.map(async ({ url }) => sumOf(await bytesAt(url))));
  expect(sums.sort()).toEqual(photos.map(({ buffer }) => sumOf(buffer)).sort());
});

test("the page opens without signal on the job that was at work, and knows the others", async ({
  server,
  phone,
}) => {
  const [attic, cellar] = [await server.addJob("Attic"), await server.addJob("Cellar")];
  const context = await phone.start();
  const page = await context.newPage();
  for (const [jobId, title] of [
    [attic, "Attic"],
    [cellar, "Cellar"],
  ] as const) {
    await openLink(page, await server.mintLink(jobId, "crew"), title);
  }
  await context.setOffline(true);
  await fileInput(page).setInputFiles(await manyPhotos(1));
  await expect(truth(page)).toHaveText("1 only on this phone, waiting for signal");
  await page.goto(`${server.ready.api}/capture/`);
  await expect(page.getByRole("heading", { name: "Cellar" })).toBeVisible();
  await page.getByRole("button", { name: "Change job" }).click();
  await page.getByRole("button", { name: "Attic" }).click();
  await fileInput(page).setInputFiles(await manyPhotos(2));
  await expect(truth(page)).toHaveText("3 only on this phone, waiting for signal");

  // Each goes with the link that it was taken with, whichever was opened last.
  await context.setOffline(false);
  await expect(truth(page)).toHaveText("All 2 safe on the server", { timeout: 30_000 });
  await expect.poll(async () => (await server.listPhotos(cellar)).length).toBe(1);
  expect(await server.listPhotos(attic)).toHaveLength(2);
});

test("photos that the browser drops from the phone's store without an event are written again", async ({
  server,
  phone,
}) => {
  const { context, page } = await takenWithoutSignal(server, phone, "Dropped in silence", 3);
  await expect.poll(() => storedPhotos(page, "readonly")).toBe(3);

  expect(await storedPhotos(page, "readwrite")).toBe(0);
  await expect.poll(() => storedPhotos(page, "readonly"), { timeout: 30_000 }).toBe(3);
  await context.setOffline(false);
  await expect(truth(page)).toHaveText("All 3 safe on the server", { timeout: 30_000 });
});

/** Counts the photos in the phone's store; `readwrite` deletes them first. */
function storedPhotos(page: Page, mode: "readonly" | "readwrite"): Promise<number> {
  return page.evaluate(
    (mode) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open("qdn-phone");
        opening.onerror = () => reject(new Error("the store cannot be opened"));
        opening.onsuccess = () => {
          const names = ["photos", "files"];
          const transaction = opening.result.transaction(names, mode);
          if (mode === "readwrite") for (const name of names) transaction.objectStore(name).clear();
          const count = transaction.objectStore("photos").count();
          transaction.oncomplete = () => {
            opening.result.close();
            resolve(count.result);
          };
        };
      }),
    mode,
  );
}

test("photos that are left are sent by the browser itself when the page is closed", async ({
  server,
  phone,
}) => {
  const { jobId, context, page } = await takenWithoutSignal(server, phone, "Closed in a hurry", 3);
  const other = await context.newPage();
  await page.close();
  await context.setOffline(false);
  await expect
    .poll(async () => (await server.listPhotos(jobId)).length, { timeout: 60_000 })
    .toBe(3);
  await other.goto(`${server.ready.api}/capture/`);
  await expect(truth(other)).toHaveText("All 3 safe on the server");
});

test("photos left on a closed page are sent also after the store has moved", async ({ phone }) => {
  const server = await Server.start();
  const { jobId, context, page } = await takenWithoutSignal(server, phone, "The store moves", 2);
  await context.newPage();
  await page.close();
  await server.moveStore();
  await context.setOffline(false);
  await expect
    .poll(async () => (await server.listPhotos(jobId)).length, { timeout: 90_000 })
    .toBe(2);
  await server.stop();
});

test("two windows send every photo once", async ({ server, phone }) => {
  const jobId = await server.addJob("Two windows");
  const link = await server.mintLink(jobId, "crew");
  const context = await phone.start();
  const pages = [await context.newPage(), await context.newPage()];
  let forms = 0;
  await context.route(`${server.ready.store}/**`, (route) => {
    if (route.request().method() === "POST") forms += 1;
    return route.continue();
  });
  for (const page of pages) {
    await page.goto(link);
    await worksOffline(page);
  }
  await context.setOffline(true);
  const photos = await manyPhotos(20);
  const [one, two] = pages;
  if (one === undefined || two === undefined) throw new Error("two pages");
  await fileInput(one).setInputFiles(photos.slice(0, 10));
  await fileInput(two).setInputFiles(photos.slice(10));
  for (const page of pages) {
    await expect(truth(page)).toHaveText("20 only on this phone, waiting for signal");
  }
  await context.setOffline(false);
  for (const page of pages) {
    await expect(truth(page)).toHaveText("All 20 safe on the server", { timeout: 60_000 });
  }
  expect(await server.listPhotos(jobId)).toHaveLength(20);
  expect(forms, "forms sent").toBe(20);
});

test("photos shared from the phone's gallery wait for their job, also without signal", async ({
  server,
  phone,
}) => {
  const [roof, yard] = [await server.addJob("Roof"), await server.addJob("Yard")];
  const context = await phone.start();
  const page = await context.newPage();
  for (const [jobId, title] of [
    [roof, "Roof"],
    [yard, "Yard"],
  ] as const) {
    await openLink(page, await server.mintLink(jobId, "crew"), title);
  }
  await context.setOffline(true);
  const gallery = await context.newPage();
  const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("buy milk") };
  await shareFiles(gallery, server, [...(await manyPhotos(2)), notes]);
  await expect(gallery.getByText("1 shared file was not taken")).toBeVisible();
  await expect(truth(gallery)).toHaveText("2 only on this phone, without a job yet");
  await expect(gallery.getByText("2 photos from your gallery are on this phone")).toBeVisible();

  await gallery.getByRole("button", { name: "Another job" }).click();
  await gallery.getByRole("dialog").getByRole("button", { name: "Roof" }).click();
  await context.setOffline(false);
  await expect.poll(async () => (await server.listPhotos(roof)).length).toBe(2);
  expect(await server.listPhotos(yard)).toEqual([]);
});

test("a phone without the page's worker is told that shared photos did not arrive", async ({
  server,
  phone,
}) => {
  const context = await phone.start();
  const gallery = await context.newPage();
  const link = await server.mintLink(await server.addJob("No worker"), "crew");
  await gallery.goto(link);
  await worksOffline(gallery);
  await gallery.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
  await gallery.goto("about:blank");
  // The server is asked with the header of a launch, which no page can send.
  await gallery.route("**/capture/share", async (route) => {
    const headers = { "sec-fetch-site": "none" };
    const url = route.request().url();
    const answer = await fetch(url, { method: "POST", headers, redirect: "manual" });
    await route.fulfill({
      status: answer.status,
      headers: { location: answer.headers.get("location") ?? "" },
    });
  });
  await shareFiles(gallery, server, await manyPhotos(1));
  await expect(gallery.getByText("They are still in your gallery")).toBeVisible();
});

test("a link that is taken back costs no photo: the next one sends them", async ({
  server,
  phone,
}) => {
  const jobId = await server.addJob("Link taken back");
  const first = await server.newLink(jobId, "crew");
  const context = await phone.start();
  const page = await context.newPage();
  await page.goto(first.url);
  await worksOffline(page);
  await context.setOffline(true);
  await fileInput(page).setInputFiles(await manyPhotos(2));
  await expect(truth(page)).toHaveText("2 only on this phone, waiting for signal");
  await server.asStaff("DELETE", `/links/${first.link_id}`);
  await context.setOffline(false);
  await expect(page.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
  await expect(page.getByText("2 photos are on this phone")).toBeVisible();
  const [copy] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save a copy" }).first().click(),
  ]);
  expect(copy.suggestedFilename()).toBe("image.jpg");

  await page.goto("about:blank");
  await page.goto(await server.mintLink(jobId, "crew"));
  await expect(truth(page)).toHaveText("All 2 safe on the server");
  expect(await server.listPhotos(jobId)).toHaveLength(2);
});

test("a phone whose disk is full says so, and the photos are sent from the page", async ({
  server,
}) => {
  const jobId = await server.addJob("Full phone");
  const phone = await Phone.buy(150);
  const context = await phone.start();
  const page = await context.newPage();
  await page.goto(await server.mintLink(jobId, "crew"));
  await worksOffline(page);
  await context.setOffline(true);
  phone.fillDisk();
  for (const photo of await manyPhotos(2)) {
    await fileInput(page).setInputFiles({ ...photo, buffer: readFileSync(BIG) });
  }
  await expect(truth(page)).toContainText(
    "2 not saved: this phone has no room. Keep this page open",
  );
  await context.setOffline(false);
  await expect(truth(page)).toHaveText("All 2 safe on the server");
  expect(await server.listPhotos(jobId)).toHaveLength(2);
  await phone.throwAway();
});

test("a browser that knows the page as an app finds nothing to complain of", async ({
  server,
  phone,
}) => {
  const context = await phone.start();
  const page = await context.newPage();
  await page.goto(await server.mintLink(await server.addJob("App"), "crew"));
  await worksOffline(page);
  const devtools = await context.newCDPSession(page);
  const { errors, data } = await devtools.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? "") as {
    shortcuts: { name: string }[];
    share_target: { action: string };
  };
  expect(manifest.shortcuts.map(({ name }) => name)).toEqual([
    "Take a before photo",
    "Take an after photo",
    "Today's jobs",
  ]);
  expect(manifest.share_target.action).toBe("/capture/share");
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  await page.goto(`${server.ready.api}/capture/?take=after`);
  await expect(page.getByRole("button", { name: "After" })).toHaveAttribute("aria-pressed", "true");
});

/** Opens a link as a driver does who gets one for each job. */
async function openLink(page: Page, link: string, title: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await worksOffline(page);
}

async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function sumOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
