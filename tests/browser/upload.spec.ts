import type { Page } from "@playwright/test";
import {
  expect,
  expectPhotos,
  fileInput,
  noticing,
  PHONE,
  photosIn,
  test,
  uploadRow,
} from "./fixtures";
import { BIG, photoNamed, SMALL, sizeOf } from "./photos";
import type { Server } from "./server";

/** Makes a page's line as thin as a phone's, so that progress can be watched. */
async function slowUploads(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 5,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}

/** Writes down every value that the progress bar of `name` shows. */
async function watchProgress(page: Page, name: string): Promise<() => Promise<number[]>> {
  await page.evaluate((label) => {
    const seen: number[] = [];
    Object.assign(window, { seenProgress: seen });
    setInterval(() => {
      const bar = document.querySelector<HTMLProgressElement>(`progress[aria-label*="${label}"]`);
      if (bar !== null && seen.at(-1) !== bar.value) seen.push(bar.value);
    }, 10);
  }, name);
  return () => page.evaluate(() => (window as unknown as { seenProgress: number[] }).seenProgress);
}

/** A job's drawer, as staff open it. */
const staffLink = (server: Server, jobId: string) =>
  `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`;

test("two photos go up with honest progress and both staff and customer see them", async ({
  server,
  openPage,
}) => {
  const title = "Garage clean-out";
  const jobId = await server.addJob(title);
  const staff = await openPage(server.link("dashboard", server.ready.tokens.staff), {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await staff.getByRole("link", { name: title }).click();
  const drawer = staff.getByRole("dialog", { name: title });
  await expect(drawer.getByText("No photos yet.")).toBeVisible();

  await slowUploads(staff, 400_000);
  const progress = await watchProgress(staff, "IMG_0001.JPG");
  await fileInput(staff).setInputFiles([BIG, SMALL]);
  await expect(drawer.getByText("All 2 photos safe on the server")).toBeVisible();

  const seen = await progress();
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  const between = seen.filter((value) => value > 0 && value < sizeOf(BIG));
  expect(between.length, `values seen: ${seen}`).toBeGreaterThan(2);

  await expectPhotos(staff, 2);
  await staff.reload();
  for (const url of await expectPhotos(staff, 2)) {
    expect(new URL(url).origin, "photos come from the store").toBe(server.ready.store);
  }
  const listed = await server.listPhotos(jobId);
  expect(listed.map(({ name, size }) => ({ name, size }))).toEqual(
    expect.arrayContaining([
      { name: "IMG_0001.JPG", size: sizeOf(BIG) },
      { name: "IMG_0003.JPG", size: sizeOf(SMALL) },
    ]),
  );

  await drawer.getByRole("button", { name: "Make link: Customer link" }).click();
  const link = await drawer.getByLabel("Customer link", { exact: true }).inputValue();
  await drawer.getByRole("button", { name: "Copy" }).click();
  await expect(drawer.getByText("Copied")).toBeVisible();
  expect(await staff.evaluate(() => navigator.clipboard.readText())).toBe(link);

  const customer = await openPage(link, PHONE);
  await expect(customer.getByRole("heading", { name: title })).toBeVisible();
  await expectPhotos(customer, 2);
  await customer.reload();
  await expectPhotos(customer, 2);
});

test("an upload whose line breaks once is tried again and arrives once", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Broken line");
  const page = await openPage(staffLink(server, jobId), { expected: /net::ERR_FAILED/ });
  let broken = 0;
  await page.route(`${server.ready.store}/**`, (route) => {
    if (route.request().method() !== "POST" || broken > 0) return route.continue();
    broken += 1;
    return route.abort();
  });
  const saidSo = await noticing(page, "Trying again");
  await fileInput(page).setInputFiles(SMALL);
  await saidSo();
  await expect(page.getByText("1 photo safe on the server")).toBeVisible();
  await expectPhotos(page, 1);
  expect(broken).toBe(1);
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("an upload that keeps failing says what is safe and its retry button sends it", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Dead line");
  const page = await openPage(staffLink(server, jobId), { expected: /net::ERR_FAILED/ });
  let tries = 0;
  await page.route(`${server.ready.store}/**`, (route) => {
    if (route.request().method() !== "POST") return route.continue();
    tries += 1;
    return route.abort();
  });
  await fileInput(page).setInputFiles(SMALL);
  const row = uploadRow(page, "IMG_0003.JPG");
  await expect(row).toContainText("still on this device", { timeout: 30_000 });
  expect(tries, "tries are bounded").toBe(5);
  expect(await server.listPhotos(jobId)).toHaveLength(0);

  await page.unroute(`${server.ready.store}/**`);
  await row.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("1 photo safe on the server")).toBeVisible();
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("without signal a photo waits on the phone and goes up when there is signal again", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("No signal");
  const page = await openPage(await server.mintLink(jobId, "crew"), {
    ...PHONE,
    expected: /net::ERR_INTERNET_DISCONNECTED/,
  });
  await expect(page.getByRole("button", { name: "Take photo" })).toBeVisible();
  await page.context().setOffline(true);
  await fileInput(page).setInputFiles(SMALL);
  await expect(page.getByText("1 only on this phone, waiting for signal")).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.getByText("1 photo safe on the server")).toBeVisible();
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("two phones that send the same name at once lose nothing", async ({ server, openPage }) => {
  const jobId = await server.addJob("Same name");
  const link = await server.mintLink(jobId, "crew");
  const [one, two] = [await openPage(link, PHONE), await openPage(link, PHONE)];
  await Promise.all([
    fileInput(one).setInputFiles(photoNamed("image.jpg", BIG)),
    fileInput(two).setInputFiles(photoNamed("image.jpg", SMALL)),
  ]);
  for (const page of [one, two]) {
    await expect(page.getByText(/^(1 photo|All 2) safe on the server$/)).toBeVisible();
  }
  const photos = await server.listPhotos(jobId);
  expect(photos.map(({ name }) => name)).toEqual(["image.jpg", "image.jpg"]);
  expect(photos.map(({ size }) => size).sort((a, b) => b - a)).toEqual([
    sizeOf(BIG),
    sizeOf(SMALL),
  ]);
  const staff = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  expect(new Set(await expectPhotos(staff, 2)).size).toBe(2);
});

test("a cancelled upload leaves no photo behind", async ({ server, openPage }) => {
  const jobId = await server.addJob("Changed mind");
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await expect(page.getByText("No photos yet.")).toBeVisible();
  await slowUploads(page, 50_000);
  await fileInput(page).setInputFiles(BIG);
  await expect(uploadRow(page, "IMG_0001.JPG")).toHaveAttribute("data-state", "sending");
  await page.getByRole("button", { name: "Cancel upload: IMG_0001.JPG" }).click();
  await expect(uploadRow(page, "IMG_0001.JPG")).toHaveCount(0);
  await expect(page.getByText("No photos yet.")).toBeVisible();
  await expect(photosIn(page)).toHaveCount(0);
  expect(await server.listPhotos(jobId)).toEqual([]);
});

test("a file that is no photo is refused with a reason and the others still go", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Mixed bag");
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await fileInput(page).setInputFiles([
    { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") },
    { name: "nothing.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) },
    photoNamed("good.jpg", SMALL),
  ]);
  await expect(uploadRow(page, "notes.pdf")).toContainText("isn't a photo");
  await expect(uploadRow(page, "nothing.jpg")).toContainText("empty");
  await expect(uploadRow(page, "good.jpg")).toContainText("Safe on the server");
  await expectPhotos(page, 1);
});
