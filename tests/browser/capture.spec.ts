import type { Page, Route } from "@playwright/test";
import { expect, expectPhotos, fileInput, type OpenPage, PHONE, test } from "./fixtures";
import { truth } from "./phone";
import { BIG, photoNamed, SMALL } from "./photos";
import { Server } from "./server";

const camera = (page: Page) => page.locator("input[type=file][capture=environment]");

/** Opens a crew's page without a service worker, so that the test sees every request. */
async function openCrew(
  server: Server,
  openPage: OpenPage,
  title: string,
  expected: RegExp,
): Promise<{ page: Page; jobId: string }> {
  const jobId = await server.addJob(title);
  const page = await openPage(await server.mintLink(jobId, "crew"), {
    ...PHONE,
    serviceWorkers: "block",
    expected: new RegExp(`Service Worker registration blocked|${expected.source}`),
  });
  await expect(page.getByText("No photos yet")).toBeVisible();
  return { page, jobId };
}

/** Answers the next `times` forms in the store's place, or cuts them off. */
async function onForms(
  page: Page,
  store: string,
  answer: (route: Route) => Promise<void>,
  times: number,
): Promise<void> {
  await page.route(
    (url) => url.origin === store,
    (route) => (route.request().method() === "POST" ? answer(route) : route.fallback()),
    { times },
  );
}

const refusal = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  contentType: "application/xml",
  headers: { "access-control-allow-origin": "*", ...headers },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`,
});

test("a photo goes from the camera to the server with tag, time and place", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Shed demolition");
  const page = await openPage(await server.mintLink(jobId, "crew"), {
    ...PHONE,
    permissions: ["geolocation"],
    geolocation: { latitude: 41.5, longitude: -93.6 },
  });
  await expect(page.getByText("No photos yet")).toBeVisible();
  await page.getByRole("button", { name: "This phone", exact: true }).click();
  await page.getByLabel("Add the place to new photos").check();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Before" }).click();
  // No photo waits for the phone to find itself. The page asked before us, and so has its answer when we have ours.
  await page.evaluate(
    () =>
      new Promise<void>((found, lost) => {
        const options = { maximumAge: Infinity, timeout: 20_000 };
        navigator.geolocation.getCurrentPosition(() => found(), lost, options);
      }),
  );
  await camera(page).setInputFiles(photoNamed("image.jpg", BIG));
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  await expectPhotos(page, 1);
  await expect(page.locator(".tile .chip")).toHaveText("Before");
  const [photo] = await server.listPhotos(jobId);
  expect(photo).toMatchObject({
    phase: "before",
    location: { latitude: 41.5, longitude: -93.6 },
  });
  expect(Math.abs(Date.parse(photo?.taken_at ?? "") - Date.now())).toBeLessThan(60_000);
});

test("a clock that is a day wrong changes neither the time of a photo nor its way", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Wrong clock");
  const page = await openPage("about:blank", PHONE);
  await page.clock.install({ time: Date.now() + 24 * 3_600_000 });
  await page.goto(await server.mintLink(jobId, "crew"));
  await expect(page.getByText("No photos yet")).toBeVisible();
  await camera(page).setInputFiles(SMALL);
  await page.clock.runFor(3_000);
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  const [photo] = await server.listPhotos(jobId);
  expect(Math.abs(Date.parse(photo?.taken_at ?? "") - Date.now())).toBeLessThan(120_000);
});

test("a line that is cut in mid-upload costs a try and no photo", async ({ server, openPage }) => {
  const { page, jobId } = await openCrew(server, openPage, "Cut line", /ERR_/);
  const devtools = await page.context().newCDPSession(page);
  const line = { offline: false, latency: 5, downloadThroughput: -1, uploadThroughput: 100_000 };
  await devtools.send("Network.emulateNetworkConditions", line);
  await fileInput(page).setInputFiles(BIG);
  await expect(page.locator(".tile[data-state=sending] .badge")).toHaveText(/^[1-9]\d? %$/);
  await devtools.send("Network.emulateNetworkConditions", { ...line, offline: true });
  await expect(truth(page)).toHaveText("1 only on this phone, waiting for signal");
  await devtools.send("Network.emulateNetworkConditions", { ...line, uploadThroughput: -1 });
  await expect(truth(page)).toHaveText("1 photo safe on the server", { timeout: 30_000 });
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("a photo whose acknowledgement was lost is asked after, not sent again", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openCrew(server, openPage, "Lost answer", /ERR_/);
  let forms = 0;
  await page.route(
    (url) => url.origin === server.ready.store,
    async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      forms += 1;
      await route.fetch();
      await route.abort();
    },
  );
  await fileInput(page).setInputFiles(SMALL);
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  expect(forms).toBe(1);
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("a form that has expired, as over a phone call, is asked for anew", async ({ openPage }) => {
  const server = await Server.start("--upload-expires-seconds", "2");
  const { page, jobId } = await openCrew(server, openPage, "Phone call", /40[34]/);
  await onForms(
    page,
    server.ready.store,
    async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      await route.continue();
    },
    1,
  );
  await fileInput(page).setInputFiles(SMALL);
  await expect(truth(page)).toHaveText("1 photo safe on the server", { timeout: 20_000 });
  expect(await server.listPhotos(jobId)).toHaveLength(1);
  await server.stop();
});

test("a server that is busy, down or full is waited for, with the photo kept", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openCrew(server, openPage, "Hard day", /status of|ERR_/);
  const answers = [
    (route: Route) => route.fulfill(refusal(503, "SlowDown", { "retry-after": "1" })),
    (route: Route) => route.fulfill(refusal(500, "InternalError")),
    (route: Route) => route.abort(),
  ];
  await onForms(
    page,
    server.ready.store,
    (route) => answers.shift()?.(route) ?? route.fallback(),
    3,
  );
  let busy = 1;
  await page.route("**/upload-url", (route) => {
    if (busy === 0) return route.fallback();
    busy -= 1;
    return route.fulfill({ status: 429, headers: { "retry-after": "1" }, body: "{}" });
  });
  await fileInput(page).setInputFiles(SMALL);
  await expect(truth(page)).toContainText("1 only on this phone");
  await expect(truth(page)).toHaveText("1 photo safe on the server", { timeout: 40_000 });
  expect(answers).toEqual([]);
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("what cannot be sent says why, stays on the phone, and can be saved or removed", async ({
  openPage,
}) => {
  const server = await Server.start("--photo-bytes-max", "300000");
  const { page, jobId } = await openCrew(server, openPage, "Stuck", /413/);
  await fileInput(page).setInputFiles([
    photoNamed("IMG_0001.JPG", BIG),
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("milk") },
    photoNamed("good.jpg", SMALL),
  ]);
  await expect(truth(page)).toHaveText("2 only on this phone, not sent. Tap to see why.");
  await expect.poll(async () => (await server.listPhotos(jobId)).length).toBe(1);
  await truth(page).click();
  const row = (name: string) => page.locator(".phone-photo", { hasText: name });
  await expect(row("IMG_0001.JPG")).toContainText("This file is too big to send.");
  await expect(row("notes.txt")).toContainText("This isn't a photo we can take.");
  const [copy] = await Promise.all([
    page.waitForEvent("download"),
    row("IMG_0001.JPG").getByRole("button", { name: "Save a copy" }).click(),
  ]);
  expect(copy.suggestedFilename()).toBe("IMG_0001.JPG");
  for (const name of ["IMG_0001.JPG", "notes.txt"]) {
    await row(name).getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove for good" }).click();
    await expect(row(name)).toHaveCount(0);
  }
  await expect(page.getByText("Nothing is waiting.")).toBeVisible();
  await server.stop();
});

test("a photo that the office deleted before the phone knew it was safe is not sent again", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openCrew(server, openPage, "Quick office", /ERR_|410|404/);
  await onForms(
    page,
    server.ready.store,
    async (route) => {
      await route.fetch();
      for (const { photo_id } of await server.listPhotos(jobId)) {
        await server.asStaff("DELETE", `/jobs/${jobId}/photos/${photo_id}`);
      }
      await route.abort();
    },
    1,
  );
  await fileInput(page).setInputFiles(SMALL);
  await truth(page).click();
  await expect(page.getByText("The office deleted this photo after it arrived.")).toBeVisible();
  expect(await server.listPhotos(jobId)).toEqual([]);
});

test("over plain HTTP in a local network the page says what is missing and still uploads", async ({
  server,
  playwright,
}) => {
  const jobId = await server.addJob("Garage Wi-Fi");
  const browser = await playwright.chromium.launch({
    args: ["--host-resolver-rules=MAP phone.test 127.0.0.1"],
  });
  const page = await browser.newPage(PHONE);
  const link = await server.mintLink(jobId, "crew");
  await page.goto(link.replace("127.0.0.1", "phone.test"));
  await expect(page.getByText("This address isn't secure.")).toBeVisible();
  await fileInput(page).setInputFiles(SMALL);
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  expect(await server.listPhotos(jobId)).toHaveLength(1);
  await browser.close();
});
