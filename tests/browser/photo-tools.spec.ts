import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import yauzl from "yauzl";
import { expect, expectPhotos, openPicture, PHONE, photosIn, test } from "./fixtures";
import { BIG, SMALL, sizeOf } from "./photos";
import { addPhotos } from "./seed";
import type { Server } from "./server";

/** A job with so many photos, open in the drawer. */
async function openJobWith(
  server: Server,
  openPage: (url: string, options?: { expected?: RegExp }) => Promise<Page>,
  title: string,
  files: readonly string[],
  expected?: RegExp,
): Promise<{ page: Page; jobId: string }> {
  const jobId = await server.addJob(title);
  await addPhotos(
    server,
    jobId,
    files.map((file, index) => ({ file, name: `IMG_${index + 1}.jpg` })),
  );
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
    expected === undefined ? {} : { expected },
  );
  await expectPhotos(page, files.length);
  return { page, jobId };
}

const tiles = (page: Page) => page.locator(".tile button[data-photo-id]");
const tag = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** The photos as they stand on the screen. */
const idsIn = (page: Page) =>
  tiles(page).evaluateAll((elements) =>
    elements.map((element) => (element as HTMLElement).dataset.photoId),
  );

const photosOf = async (server: Server, jobId: string) =>
  (
    await server.asStaff<{ photos: Record<string, unknown>[] }>(
      "GET",
      `/list_photos?job_id=${jobId}`,
    )
  ).photos;

test("a photo is tagged, captioned and hidden, and the customer sees just that", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openJobWith(server, openPage, "Tagged", [SMALL, SMALL]);
  const customer = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await expectPhotos(customer, 2);

  await tiles(page).first().click();
  await tag(page, "Issue").click();
  await expect(tag(page, "Issue")).toHaveAttribute("aria-pressed", "true");
  const caption = page.getByLabel("Caption");
  await caption.fill("  Cracked before we came ");
  await caption.press("Enter");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await expect
    .poll(() => photosOf(server, jobId))
    .toMatchObject([
      { phase: "issue", caption: "Cracked before we came" },
      { phase: null, caption: null },
    ]);

  // In the field the arrow keys move in the text, and what is left behind by another photo is saved.
  await caption.fill("Cracked lid");
  await caption.press("ArrowLeft");
  await expect(page.locator("#lightbox-title")).toContainText("1 of 2");
  await page.getByRole("button", { name: "Next photo" }).click();
  await expect(page.getByLabel("Caption")).toHaveValue("");
  await expect.poll(async () => (await photosOf(server, jobId))[0]?.caption).toBe("Cracked lid");

  await page.getByLabel("Caption").fill("never mind");
  await page.getByLabel("Caption").press("Escape");
  await expect(page.getByLabel("Caption")).toHaveValue("");
  await expect(openPicture(page), "Escape in the field closes nothing").toBeVisible();
  await page.getByRole("button", { name: "Hide from the customer" }).click();
  await expect(page.getByText("The customer doesn't see this photo.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(tiles(page).nth(1).locator("..").locator(".hidden-mark")).toBeVisible();
  await expect(tiles(page).first().locator("..").locator(".chip")).toHaveText("Issue");
  await customer.reload();
  await expectPhotos(customer, 1);

  await tiles(page).first().click();
  await tag(page, "Issue").click();
  await expect(tag(page, "No tag")).toHaveAttribute("aria-pressed", "true");
  await expect.poll(async () => (await photosOf(server, jobId))[0]?.phase).toBeNull();
});

test("a change that the server refuses is taken back and said", async ({ server, openPage }) => {
  const expected = /status of (500|403)/;
  const { page } = await openJobWith(server, openPage, "Refused change", [SMALL], expected);
  await page.route("**/jobs/*/photos/*", (route) => route.fulfill({ status: 500 }));
  await tiles(page).click();
  await tag(page, "After").click();
  await expect(page.getByRole("alert")).toContainText("Not saved. The server had a problem.");
  await expect(tag(page, "After")).toHaveAttribute("aria-pressed", "false");
  await page.getByLabel("Caption").fill("Kept in the field");
  await page.getByLabel("Caption").press("Enter");
  await expect(page.locator(".saved")).toContainText("Not saved.");
  await expect(page.getByLabel("Caption")).toHaveValue("Kept in the field");
  await page.unroute("**/jobs/*/photos/*");
  await page.getByLabel("Caption").press("Enter");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
});

test("a deleted photo is gone at once, comes back by undo and is deleted when the time is over", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openJobWith(server, openPage, "Undo", [SMALL, BIG, SMALL]);
  const ids = await idsIn(page);
  await tiles(page).nth(1).click();
  await page.getByRole("button", { name: "Delete photo" }).click();
  await expect(page.locator("#lightbox-title")).toContainText("of 2");
  await page.locator(".lightbox").getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("#lightbox-title"), "what is back is shown").toContainText("2 of 3");
  await page.getByRole("button", { name: "Delete photo" }).click();
  await page.keyboard.press("Escape");
  await expect(photosIn(page)).toHaveCount(2);
  expect(await photosOf(server, jobId), "nothing is deleted yet").toHaveLength(3);

  // Two at once: one is taken back, the other goes.
  await tiles(page).first().focus();
  await page.keyboard.press("Delete");
  await expect(photosIn(page)).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(2);
  await page.getByRole("button", { name: "Undo" }).first().click();
  await expect(photosIn(page)).toHaveCount(2);
  await page.mouse.move(700, 10);
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(0, { timeout: 30_000 });
  await expect
    .poll(async () => (await photosOf(server, jobId)).map((photo) => photo.photo_id).sort())
    .toEqual([ids[1], ids[2]].sort());
  await expect(page.getByRole("link", { name: "Undo" })).toContainText("2 photos");
});

test("the last photo may be deleted in large, and the focus is not lost", async ({
  server,
  openPage,
}) => {
  const { page } = await openJobWith(server, openPage, "Last one", [SMALL]);
  await tiles(page).click();
  await page.getByRole("button", { name: "Delete photo" }).click();
  await expect(page.locator("dialog[open]")).toHaveCount(0);
  await expect(page.getByText("No photos yet.")).toBeVisible();
  await expect(page.locator("#photos-title")).toBeFocused();
});

test("a deletion outlives the page that was left", async ({ server, openPage }) => {
  const { page, jobId } = await openJobWith(server, openPage, "Left early", [SMALL, SMALL]);
  const ids = await idsIn(page);
  await tiles(page).first().focus();
  await page.keyboard.press("Delete");
  await expect(photosIn(page)).toHaveCount(1);
  expect(await photosOf(server, jobId)).toHaveLength(2);
  await page.goto("about:blank");
  await expect
    .poll(async () => (await photosOf(server, jobId)).map((photo) => photo.photo_id))
    .toEqual([ids[1]]);
});

test("a deletion that fails brings the photo back and can be tried again", async ({
  server,
  openPage,
}) => {
  const expected = /ERR_FAILED/;
  const { page, jobId } = await openJobWith(server, openPage, "Fails", [SMALL], expected);
  await page.route("**/jobs/*/photos/*", (route) => route.abort());
  await tiles(page).focus();
  await page.keyboard.press("Delete");
  await expect(photosIn(page)).toHaveCount(0);
  const note = page.getByText("The photo is still there: it wasn't deleted.");
  await expect(note).toBeVisible({ timeout: 30_000 });
  await expect(photosIn(page)).toHaveCount(1);
  await page.unroute("**/jobs/*/photos/*");
  await page.locator(".undo-note").getByRole("button", { name: "Try again" }).click();
  await expect(note).toHaveCount(0);
  await expect.poll(() => photosOf(server, jobId)).toEqual([]);
});

test("the original is saved under its own name, byte for byte", async ({ server, openPage }) => {
  const { page } = await openJobWith(server, openPage, "Original", [BIG]);
  await tiles(page).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the original" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe("IMG_1.jpg");
  expect(await readFile(await download.path())).toEqual(await readFile(BIG));
});

test("all photos are saved as one file that opens", async ({ server, openPage }) => {
  const { page } = await openJobWith(server, openPage, "All of them", [BIG, SMALL, SMALL]);
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download all" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const sizes = await new Promise<number[]>((resolve, reject) => {
    void download.path().then((path) =>
      yauzl.open(path, (error, zip) => {
        if (error) return reject(error);
        const found: number[] = [];
        zip.on("entry", (entry: yauzl.Entry) => found.push(entry.uncompressedSize));
        zip.on("end", () => resolve(found));
        zip.on("error", reject);
      }),
    );
  });
  expect(sizes.sort((a, b) => b - a)).toEqual([sizeOf(BIG), sizeOf(SMALL), sizeOf(SMALL)]);
});

test("photos stand in the order they were taken, under their days", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Days");
  const at = (day: number, hour: number) => new Date(2026, 9, day, hour).toISOString();
  const plain = { file: SMALL };
  const [late, noon, early] = await addPhotos(server, jobId, [
    { ...plain, taken_at: at(22, 17) },
    { ...plain, taken_at: at(21, 12) },
    { ...plain, taken_at: at(21, 8) },
  ]);
  const listed = await photosOf(server, jobId);
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await expectPhotos(page, 3);
  // The camera's own time, where a file carries one, is the server's to prefer.
  const order = [...listed]
    .sort((a, b) => Date.parse(String(a.taken_at)) - Date.parse(String(b.taken_at)))
    .map((photo) => photo.photo_id);
  await expect.poll(() => idsIn(page)).toEqual(order);
  expect(new Set(order)).toEqual(new Set([late, noon, early]));
});

test("several photos are picked, tagged, hidden and deleted together", async ({
  server,
  openPage,
}) => {
  const files = [SMALL, SMALL, SMALL, SMALL, SMALL];
  const { page, jobId } = await openJobWith(server, openPage, "Picked", files);
  const bar = page.locator(".picked-bar");
  await page.getByRole("button", { name: "Select", exact: true }).click();
  await expect(bar).toContainText("None selected");
  await tiles(page).first().click();
  await tiles(page)
    .nth(2)
    .click({ modifiers: ["Shift"] });
  await expect(bar).toContainText("3 selected");
  await expect(tiles(page).nth(1)).toHaveAttribute("aria-pressed", "true");
  await tiles(page).nth(1).click();
  await bar.getByLabel("Tag").selectOption("after");
  await expect(page.locator(".chip.after")).toHaveCount(2);
  await bar.getByRole("button", { name: "Hide from the customer" }).click();
  await expect(page.locator(".hidden-mark")).toHaveCount(2);
  const state = async () =>
    (await photosOf(server, jobId)).filter(({ phase, hidden }) => phase === "after" && hidden);
  await expect.poll(state).toHaveLength(2);

  await bar.getByRole("button", { name: "Delete the selected photos" }).click();
  await expect(photosIn(page)).toHaveCount(3);
  await expect(page.locator("#photos-title")).toBeFocused();
  await expect(page.locator(".undo-note")).toContainText("2 photos deleted");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(photosIn(page)).toHaveCount(5);

  // By keyboard: X picks, Escape ends the picking and only then closes the drawer.
  await tiles(page).nth(3).focus();
  await page.keyboard.press("x");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+X");
  await expect(bar).toContainText("2 selected");
  await page.keyboard.press("Escape");
  await expect(bar).toHaveCount(0);
  await expect(tiles(page).nth(4)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(openPicture(page)).toBeVisible();
});

test("photos are seen by their tag, with the keyboard too, and an open one stays", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("By tag");
  const phases = ["before", "before", "after", undefined] as const;
  await addPhotos(
    server,
    jobId,
    phases.map((phase) => ({ file: SMALL, ...(phase === undefined ? {} : { phase }) })),
  );
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await expectPhotos(page, 4);
  const filter = page.getByRole("group", { name: "Show photos by tag" });
  await expect(filter.getByRole("button")).toHaveText(["All 4", "Before 2", "After 1", "No tag 1"]);
  await filter.getByRole("button", { name: "All" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(tiles(page)).toHaveCount(2);
  await expect(filter.getByRole("button", { name: "Before" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(filter.getByRole("button", { name: "Before" })).toBeFocused();

  // In large only those are gone through; one that gets another tag stays until it is closed.
  await tiles(page).first().click();
  await expect(page.locator("#lightbox-title")).toContainText("1 of 2");
  await tag(page, "During").click();
  await expect(tag(page, "During")).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("#lightbox-title")).toContainText("1 of 2");
  await page.keyboard.press("Escape");
  await expect(tiles(page)).toHaveCount(1);
  await expect(page.locator("#photos-title"), "its tile is gone").toBeFocused();
  await expect(filter.getByRole("button")).toHaveText([
    ...["All 4", "Before 1", "During 1", "After 1", "No tag 1"],
  ]);

  // The last one of a tag gone, all are there again.
  await tiles(page).focus();
  await page.keyboard.press("Delete");
  await expect(tiles(page)).toHaveCount(3);
  await expect(filter.getByRole("button", { name: "All" })).toHaveAttribute("aria-pressed", "true");
});
