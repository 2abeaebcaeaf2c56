import type { Locator, Page } from "@playwright/test";
import { expect, expectPhotos, PHONE, photosIn, test } from "./fixtures";
import { BIG, SMALL } from "./photos";
import { addPhotos, type Seed } from "./seed";
import { Server } from "./server";
import { Fingers } from "./touch";

const moment = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();

/** A new job with photos, opened as its customer. */
async function openJob(
  server: Server,
  openPage: (url: string, options?: object) => Promise<Page>,
  title: string,
  seeds: readonly Seed[],
  options: object = PHONE,
): Promise<Page> {
  const jobId = await server.addJob(title);
  await addPhotos(server, jobId, seeds);
  return openPage(await server.mintLink(jobId, "customer"), options);
}

const PAIR: Seed[] = [
  { file: BIG, phase: "before", taken_at: moment(26, 9) },
  { file: SMALL, phase: "after", taken_at: moment(26, 17) },
];

/** How far from the left the divider stands, from 0 to 1. */
async function dividerAt(page: Page): Promise<number> {
  const [frame, grip] = await Promise.all([
    boxOf(page.locator(".frame")),
    boxOf(page.locator(".grip")),
  ]);
  return (grip.x + grip.width / 2 - frame.x) / frame.width;
}

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (box === null) throw new Error("nothing to measure");
  return box;
}

test("the gallery tells the job in order of capture, whatever order the photos came in", async ({
  server,
  openPage,
}) => {
  const page = await openJob(server, openPage, "Told in order", [
    { file: BIG, caption: "Third", taken_at: moment(25, 16) },
    { file: BIG, caption: "First", taken_at: moment(24, 9) },
    { file: BIG, caption: "Second", taken_at: moment(24, 10) },
  ]);
  await expectPhotos(page, 3);
  const said = () =>
    photosIn(page).evaluateAll((images) => images.map((image) => image.getAttribute("alt")));
  await expect
    .poll(said)
    .toEqual(["First, Photo 1 of 3", "Second, Photo 2 of 3", "Third, Photo 3 of 3"]);
  const headings = page.getByRole("heading", { level: 2 });
  await expect(headings).toHaveText([/Tuesday, November 24\s+2 photos/, /Wednesday, November 25/]);
  await expect(page.locator(".frame"), "nothing to compare").toHaveCount(0);
});

test("photos of one day stand by their tags", async ({ server, openPage }) => {
  const page = await openJob(server, openPage, "By tags", [
    { file: BIG, phase: "after" },
    { file: BIG, phase: "before" },
    { file: BIG, phase: "during" },
    { file: BIG },
  ]);
  await expectPhotos(page, 4);
  const parts = page.getByRole("heading", { level: 2 });
  await expect(parts).toHaveText([/Before and after/, /Before/, /During/, /After/, /More photos/]);
});

test("before and after are compared by keyboard", async ({ server, openPage }) => {
  const page = await openJob(server, openPage, "By keyboard", PAIR, {});
  const range = page.getByRole("slider", { name: "How much of the before photo is shown" });
  await expect(range).toHaveValue("50");
  await range.focus();
  await page.keyboard.press("ArrowRight");
  await expect(range).toHaveAttribute("aria-valuetext", "52 percent before");
  await page.keyboard.press("End");
  await expect.poll(() => dividerAt(page)).toBeCloseTo(1, 2);
  await page.keyboard.press("Home");
  await expect.poll(() => dividerAt(page)).toBeCloseTo(0, 2);
  await expect(page.getByRole("img", { name: "Before" }).first()).toBeAttached();
  await expect(page.getByRole("img", { name: "After" }).first()).toBeAttached();
});

test("before and after are compared by finger, and the page still scrolls over them", async ({
  server,
  openPage,
}) => {
  const page = await openJob(server, openPage, "By finger", [
    ...PAIR,
    ...Array.from({ length: 8 }, (): Seed => ({
      file: SMALL,
      phase: "after",
      taken_at: moment(26, 12),
    })),
  ]);
  await expectPhotos(page, 10);
  await page.evaluate(() => window.scrollTo(0, 0));
  const fingers = await Fingers.on(page);
  const frame = await boxOf(page.locator(".frame"));
  const y = frame.y + frame.height / 2;
  const x = (part: number) => frame.x + frame.width * part;

  await fingers.swipe({ x: x(0.5), y }, { x: x(0.8), y });
  await expect.poll(() => dividerAt(page)).toBeCloseTo(0.8, 1);
  expect(await page.evaluate(() => scrollY), "a drag moves the divider alone").toBe(0);
  await page.touchscreen.tap(x(0.25), y);
  await expect.poll(() => dividerAt(page)).toBeCloseTo(0.25, 1);

  await fingers.swipe({ x: x(0.6), y }, { x: x(0.6), y: y - 150 });
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(50);
  await expect.poll(() => dividerAt(page), "a scroll moves the page alone").toBeCloseTo(0.25, 1);
});

test("places that carry one caption before and after are compared each by itself", async ({
  server,
  openPage,
}) => {
  const at = (caption: string, phase: "before" | "after", hour: number): Seed => ({
    ...{ file: phase === "before" ? BIG : SMALL, caption, phase },
    taken_at: moment(26, hour),
  });
  const page = await openJob(server, openPage, "Two places", [
    at("Kitchen", "before", 8),
    at("Garage", "before", 9),
    at("Garage", "after", 15),
    at("Kitchen", "after", 16),
  ]);
  const pick = (name: string) => page.getByRole("button", { name, exact: true });
  await expect(pick("Kitchen")).toHaveAttribute("aria-pressed", "true");
  await pick("Garage").tap();
  await expect(pick("Garage")).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("img", { name: "Before, Garage" }).first()).toBeAttached();
});

test("a customer keeps a photo on their own device", async ({ server, openPage }) => {
  const page = await openJob(
    server,
    openPage,
    "Kept",
    [{ file: BIG, name: "Garage door.HEIC.jpg" }],
    {},
  );
  await photosIn(page).first().click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save photo" }).click();
  expect((await download).suggestedFilename()).toBe("Garage door.HEIC.jpg");
  await expect(page.getByRole("button", { name: "Save photo" })).toBeEnabled();
});

test("a customer with several jobs picks one and goes back to the others", async ({
  server,
  openPage,
}) => {
  const link = await server.mintLink(await server.addJob("Shed"), "customer");
  const page = await openPage("about:blank", PHONE);
  // The links of this program open one job; what they open may grow to all of a customer's.
  await page.route(/\/jobs\?/, async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    list.jobs.push({ ...list.jobs[0], job_id: "another", title: "Attic" });
    await route.fulfill({ response, json: list });
  });
  await page.goto(link);
  await expect(page.getByRole("button", { name: "Attic" })).toBeVisible();
  await page.getByRole("button", { name: "Shed" }).tap();
  await expect(page.getByRole("heading", { name: "Shed" })).toBeVisible();
  await page.goBack();
  await page.getByRole("button", { name: "Shed" }).tap();
  await page.getByRole("button", { name: "All your jobs" }).tap();
  await expect(page.getByRole("heading", { name: "Your jobs" })).toBeVisible();
  await expect(page).toHaveURL(link);
});

test("the photos are asked for without waiting to hear which job it is", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("At once");
  await addPhotos(server, jobId, [{ file: SMALL }]);
  const page = await openPage("about:blank", PHONE);
  // Neither is answered before the photos are asked for: who waits for them first waits in vain.
  const photosAsked = page.waitForRequest(/\/list_photos\?/);
  for (const path of [/\/jobs\?/, /\/session$/]) {
    await page.route(path, async (route) => {
      await photosAsked;
      await route.continue();
    });
  }
  const lists: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/list_photos")) lists.push(request.url());
  });
  await page.goto(await server.mintLink(jobId, "customer"));
  await expectPhotos(page, 1);
  expect(lists, "one list, asked for once").toHaveLength(1);
});

test("the job that a link names decides nothing, the token does", async ({ server, openPage }) => {
  const [mine, theirs] = [await server.addJob("Mine alone"), await server.addJob("Theirs alone")];
  await addPhotos(server, mine, [{ file: SMALL }]);
  await addPhotos(server, theirs, [{ file: SMALL }, { file: SMALL }]);
  const link = await server.mintLink(mine, "customer");
  expect(link).toMatch(new RegExp(`#t=[\\w-]+&j=${mine}$`));
  const [plain] = link.split("&j=");
  const answers: { status: number; code: unknown }[] = [];
  for (const named of [`&j=${theirs}`, "&j=nothing-like-it", "&j=a/b", "&j=", ""]) {
    const page = await openPage("about:blank", { ...PHONE, expected: /status of 404/ });
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url(), request.headers().referer ?? ""));
    page.on("response", async (response) => {
      if (response.status() !== 404) return;
      answers.push({ status: response.status(), code: (await response.json()).code });
    });
    await page.goto(plain + named);
    await expect(page.getByRole("heading", { name: "Mine alone" }), named).toBeVisible();
    await expectPhotos(page, 1);
    await expect(page, "a bookmark or a reload works as the link does").toHaveURL(plain + named);
    expect(urls.join(" "), "what stands in the fragment stays there").not.toContain("&j=");
    await page.reload();
    await expectPhotos(page, 1);
    await page.close();
  }
  expect(answers.length, "the two that could be jobs, each opened twice").toBe(4);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test("a photo that the crew adds comes by itself, and the job's end is told", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Under way");
  await server.asStaff("PATCH", `/jobs/${jobId}`, { status: "in_progress" });
  const page = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await expect(page.getByText("The crew is on your job.")).toBeVisible();
  await expect(page.getByText("Photos show here as soon as")).toBeVisible();
  await addPhotos(server, jobId, [{ file: SMALL }]);
  await server.asStaff("PATCH", `/jobs/${jobId}`, { status: "done" });
  await expectPhotos(page, 1);
  await expect(page.getByText("Your job is done. See how it turned out.")).toBeVisible();
});

test("a link that was turned off gives the company's phone number", async ({ openPage }) => {
  const server = await Server.start("--company-phone", "+1 555 010 0199");
  try {
    const jobId = await server.addJob("Turned off");
    const link = await server.mintLink(jobId, "customer");
    const page = await openPage(link, { ...PHONE, expected: /status of 401/ });
    await expect(page.getByRole("link", { name: "Questions? Call" })).toBeVisible();
    const { links } = await server.asStaff<{ links: { link_id: string }[] }>(
      "GET",
      `/jobs/${jobId}/links`,
    );
    for (const { link_id } of links) await server.asStaff("DELETE", `/links/${link_id}`);
    await page.reload();
    await expect(page.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
    await expect(page.getByText("Your photos are safe.")).toBeVisible();
    const call = page.getByRole("link", { name: "Call +1 555 010 0199" });
    await expect(call).toHaveAttribute("href", "tel:+15550100199");
  } finally {
    await server.stop();
  }
});

test("nothing is wider than a small phone in either language", async ({ server, openPage }) => {
  for (const locale of ["en-US", "es-MX"]) {
    const page = await openJob(server, openPage, "Narrow and with quite a long title", PAIR, {
      ...PHONE,
      ...{ viewport: { width: 320, height: 640 }, locale },
    });
    await expect(page.locator(".frame")).toBeVisible();
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  }
});
