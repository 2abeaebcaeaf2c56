import type { Page } from "@playwright/test";
import { expect, expectPhotos, openPicture, PHONE, photosIn, test } from "./fixtures";
import { BIG, fixture, SMALL } from "./photos";
import { addPhotos } from "./seed";
import type { Server } from "./server";
import { Fingers } from "./touch";

const counter = (page: Page) => page.locator("#lightbox-title");

/** Waits until the photo has come from its tile: it takes gestures from then on, and its neighbours are there. */
const opened = (page: Page) =>
  expect(page.locator(".lightbox .pswp__zoom-wrap").nth(1)).toBeAttached();

const boxOf = async (page: Page) => {
  // While one photo takes the place of another there may be none for a moment.
  await expect(openPicture(page)).toBeVisible();
  return (await openPicture(page).boundingBox()) ?? { x: NaN, y: NaN, width: NaN, height: NaN };
};

/** Where the photo stands once it stands still. */
async function boxAtRest(page: Page) {
  let box = await boxOf(page);
  await expect(async () => {
    const before = box;
    await page.waitForTimeout(50);
    box = await boxOf(page);
    expect(box).toEqual(before);
  }).toPass();
  return box;
}

/** How often the photo is as wide as at first. */
const widthOver = (page: Page, first: { width: number }) =>
  expect.poll(async () => (await boxOf(page)).width / first.width);

async function jobWith(server: Server, title: string, count: number): Promise<string> {
  const jobId = await server.addJob(title);
  const files = Array.from({ length: count }, (_, index) => [BIG, SMALL][index % 2] ?? BIG);
  await addPhotos(
    server,
    jobId,
    files.map((file, index) => ({
      ...{ file, caption: `Photo number ${index + 1}` },
      taken_at: new Date(2026, 10, 26, 9, index).toISOString(),
    })),
  );
  return jobId;
}

const staffPage = (server: Server, jobId: string) =>
  `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`;

test("a photo is swiped, pinched and tapped as in a phone's own gallery", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Swiped", 3);
  const page = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await expectPhotos(page, 3);
  const fingers = await Fingers.on(page);
  const middle = { x: 195, y: 422 };
  const swipeBy = (x: number) =>
    fingers.swipe({ x: middle.x - x / 2, y: middle.y }, { x: middle.x + x / 2, y: middle.y });

  await photosIn(page).nth(1).tap();
  await expect(counter(page)).toContainText("2 of 3");
  await expect(page.locator(".lightbox footer")).toContainText("Photo number 2");
  await opened(page);
  await expect.poll(async () => (await boxOf(page)).width, "as wide as the screen").toBe(390);
  const fit = await boxAtRest(page);

  await swipeBy(-300);
  await expect(counter(page)).toContainText("3 of 3");
  await swipeBy(-300);
  await expect(counter(page), "the last one is the end").toContainText("3 of 3");
  await expect.poll(async () => (await boxOf(page)).x, "it comes to rest").toBe(0);
  await swipeBy(300);
  await expect(counter(page)).toContainText("2 of 3");

  await fingers.doubleTap(middle);
  await widthOver(page, fit).toBeCloseTo(2.5, 1);
  await fingers.doubleTap(middle);
  await widthOver(page, fit).toBeCloseTo(1, 2);

  await fingers.pinch(middle, 60, 240);
  await widthOver(page, fit).toBeGreaterThan(2);
  const enlarged = await boxAtRest(page);
  await swipeBy(60);
  await expect(counter(page), "a moved enlarged photo is the same photo").toContainText("2 of 3");
  await expect.poll(async () => (await boxOf(page)).x).toBeGreaterThan(enlarged.x + 20);
  await fingers.pinch(middle, 240, 40);
  await widthOver(page, fit).toBeCloseTo(1, 2);

  await page.touchscreen.tap(middle.x, middle.y);
  await expect(page.locator(".lightbox header"), "one tap clears the view").toHaveCSS(
    "opacity",
    "0",
  );
  await page.touchscreen.tap(middle.x, middle.y);
  await expect(page.locator(".lightbox header")).toHaveCSS("opacity", "1");

  await fingers.swipe(middle, { x: middle.x, y: middle.y + 300 });
  await expect(page.locator(".lightbox"), "a pull down puts the photo away").toHaveCount(0);
});

test("going back closes the photo and not the page", async ({ server, openPage }) => {
  const jobId = await jobWith(server, "Gone back", 2);
  const link = await server.mintLink(jobId, "customer");
  const page = await openPage(link, PHONE);
  await photosIn(page).first().tap();
  await expect(openPicture(page)).toBeVisible();
  await page.goBack();
  await expect(page.locator(".lightbox")).toHaveCount(0);
  await expect(page, "still the link itself").toHaveURL(link);
  await expectPhotos(page, 2);

  // Closed by its button it leaves nothing behind to go back through.
  const steps = await page.evaluate(() => history.length);
  await photosIn(page).first().tap();
  await page.getByRole("button", { name: "Close" }).tap();
  await expect(page.locator(".lightbox")).toHaveCount(0);
  await expect.poll(() => page.evaluate(() => "over" in (history.state ?? {}))).toBe(false);
  await expect.poll(() => page.evaluate(() => history.length)).toBe(steps);
});

test("a photo is seen, enlarged and put away with the keyboard alone", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "By keyboard", 3);
  const page = await openPage(await server.mintLink(jobId, "customer"));
  await expectPhotos(page, 3);
  const tile = (number: number) => page.locator(".tile button[data-photo-id]").nth(number - 1);
  await tile(1).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Photo 1 of 3" })).toBeVisible();
  await opened(page);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(counter(page)).toContainText("3 of 3");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("dialog", { name: "Photo 2 of 3" })).toBeVisible();

  const fit = await boxAtRest(page);
  await page.keyboard.press("z");
  await widthOver(page, fit).toBeGreaterThan(2);
  await page.getByRole("button", { name: "Zoom out" }).press("Enter");
  await widthOver(page, fit).toBeCloseTo(1, 2);

  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(
      () => document.activeElement === document.body || !!document.activeElement?.closest("dialog"),
    );
    expect(inside, "the page behind gets no focus").toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(page.locator(".lightbox")).toHaveCount(0);
  await expect(tile(2), "the tile of the photo seen last").toBeFocused();
});

test("the open photo stays when another is added, and the next takes its place when it is deleted", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Live list", 3);
  const page = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await photosIn(page).nth(1).tap();
  await expect(counter(page)).toContainText("2 of 3");
  await opened(page);
  const refresh = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  const shown = await openPicture(page).elementHandle();

  const [first, second] = await server.listPhotos(jobId);
  await server.asStaff("DELETE", `/jobs/${jobId}/photos/${first?.photo_id}`);
  await addPhotos(server, jobId, [
    { file: BIG, caption: "The new one", taken_at: new Date(2026, 10, 26, 10).toISOString() },
  ]);
  await refresh();
  await expect(counter(page)).toContainText("1 of 3");
  await expect(page.locator(".lightbox footer")).toContainText("Photo number 2");
  expect(
    await openPicture(page).evaluate((image, before) => image === before, shown),
    "the same picture, not one drawn anew",
  ).toBe(true);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".lightbox footer")).toContainText("Photo number 3");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".lightbox footer")).toContainText("The new one");
  await expect(openPicture(page)).toHaveJSProperty("complete", true);

  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(".lightbox footer")).toContainText("Photo number 2");
  await server.asStaff("DELETE", `/jobs/${jobId}/photos/${second?.photo_id}`);
  await refresh();
  await expect(counter(page)).toContainText("1 of 2");
  await expect(page.locator(".lightbox footer")).toContainText("Photo number 3");
  for (const photo of await server.listPhotos(jobId)) {
    await server.asStaff("DELETE", `/jobs/${jobId}/photos/${photo.photo_id}`);
  }
  await refresh();
  await expect(page.locator(".lightbox"), "nothing is left to show").toHaveCount(0);
});

test("a photo whose address expired while the page lay open is fetched anew, once", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Expired", 2);
  const page = await openPage("about:blank", { ...PHONE, expected: /status of 403/ });
  let lists = 0;
  await page.route(/\/list_photos/, async (route) => {
    lists += 1;
    const response = await route.fetch();
    const body = await response.text();
    if (lists > 1) return route.fulfill({ response, body });
    // As an address that has expired: the store refuses it.
    const expired = body.replace(/("display_url":"[^"]*X-Amz-Signature=)[0-9a-f]+/g, "$10000");
    return route.fulfill({ response, body: expired });
  });
  await page.goto(await server.mintLink(jobId, "customer"));
  await photosIn(page).first().tap();
  await expect
    .poll(() => openPicture(page).evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
  await page.getByRole("button", { name: "Next photo" }).tap();
  await expect
    .poll(() => openPicture(page).evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
  expect(lists, "one list more is enough").toBe(2);
});

test("a photo that is not ready and one that can't be shown say so in its place", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Sentences", 1);
  const page = await openPage("about:blank", PHONE);
  await addPhotos(server, jobId, [{ file: fixture("svg.jpg") }]);
  let ready = false;
  await page.route(/\/list_photos/, async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    if (!ready) {
      Object.assign(list.photos[0], { status: "processing", display_url: null, url: null });
    }
    return route.fulfill({ response, json: list });
  });
  await page.goto(staffPage(server, jobId));
  await page.locator(".tile button[data-photo-id]").first().tap();
  await expect(page.locator(".lightbox")).toContainText("Getting ready");
  await page.getByRole("button", { name: "Next photo" }).tap();
  await expect(page.locator(".lightbox")).toContainText("This file isn't a photo");
  await page.getByRole("button", { name: "Previous photo" }).tap();
  ready = true;
  await expect(openPicture(page)).toBeVisible();
  await expect(page.locator('.pswp__item[aria-hidden="false"]')).not.toContainText("Getting ready");
});

test("without the viewer, which did not load, photos are seen all the same", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "No viewer", 2);
  const page = await openPage("about:blank", { ...PHONE, expected: /ERR_FAILED|dynamically/ });
  await page.route(/\/assets\/viewer-/, (route) => route.abort());
  await page.goto(await server.mintLink(jobId, "customer"));
  await photosIn(page).first().tap();
  const plain = page.locator(".lightbox img.plain");
  await expect(plain).toBeVisible();
  await page.getByRole("button", { name: "Next photo" }).tap();
  await expect(counter(page)).toContainText("2 of 2");
  await page.keyboard.press("Escape");
  await expect(page.locator(".lightbox")).toHaveCount(0);
});

test("nothing moves by itself for those who asked for less motion", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Still", 2);
  const page = await openPage(await server.mintLink(jobId, "customer"), {
    ...PHONE,
    reducedMotion: "reduce",
  });
  await expectPhotos(page, 2);
  await photosIn(page).first().tap();
  await opened(page);
  const fingers = await Fingers.on(page);
  await fingers.swipe({ x: 345, y: 422 }, { x: 45, y: 422 });
  await expect(counter(page)).toContainText("2 of 2");
  const running = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((one) => one.playState === "running")
      .map((one) => (one.effect as KeyframeEffect).target?.className),
  );
  expect(running).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.locator(".lightbox")).toHaveCount(0);
});

test("staff's tools stand under the photo and keep their keys to themselves", async ({
  server,
  openPage,
}) => {
  const jobId = await jobWith(server, "Tools", 2);
  const page = await openPage(staffPage(server, jobId));
  await expectPhotos(page, 2);
  await photosIn(page).first().click();
  const caption = page.getByLabel("Caption");
  await caption.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("z");
  await expect(counter(page), "the keys belong to the field").toContainText("1 of 2");
  await page.keyboard.press("Escape");
  await expect(page.locator(".lightbox")).toHaveCount(1);
  await page.getByRole("button", { name: "Delete photo" }).click();
  await expect(counter(page)).toContainText("1 of 1");
  await page.keyboard.press("Escape");
  await expect(page.locator(".lightbox")).toHaveCount(0);
});
