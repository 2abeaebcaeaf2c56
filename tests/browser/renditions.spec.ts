import type { Locator, Page } from "@playwright/test";
import { expect, expectPhotos, fileInput, openPicture, PHONE, photosIn, test } from "./fixtures";
import { fixture, ORIENTATIONS } from "./photos";
import { addPhotos } from "./seed";

/** The corners of the made photos: top left, top right, bottom left, bottom right. */
const UPRIGHT = ["red", "green", "blue", "yellow"];

/** The colours near a picture's corners, as they stand on the screen. */
async function cornersOf(element: Locator): Promise<string[]> {
  await element.scrollIntoViewIfNeeded();
  const picture = (await element.screenshot()).toString("base64");
  // The part of the element that the picture covers: all of a tile, the middle of a lightbox.
  const covered = await element.evaluate((image: HTMLImageElement) => {
    if (getComputedStyle(image).objectFit !== "contain") return { wide: 1, high: 1 };
    const ratio = image.naturalWidth / image.naturalHeight;
    const around = image.clientWidth / image.clientHeight;
    return { wide: Math.min(1, ratio / around), high: Math.min(1, around / ratio) };
  });
  const blank = await element.page().context().newPage();
  const pixels = await blank.evaluate(
    async ({ base64, wide, high }) => {
      const response = await fetch(`data:image/png;base64,${base64}`);
      const bitmap = await createImageBitmap(await response.blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      if (context === null) throw new Error("no canvas");
      context.drawImage(bitmap, 0, 0);
      return [-0.4, 0.4].flatMap((down) =>
        [-0.44, 0.44].map((across) => [
          ...context.getImageData(
            (0.5 + across * wide) * bitmap.width,
            (0.5 + down * high) * bitmap.height,
            1,
            1,
          ).data,
        ]),
      );
    },
    { base64: picture, ...covered },
  );
  await blank.close();
  return pixels.map(colourOf);
}

const COLOURS: Record<string, string> = {
  "high low low": "red",
  "low high low": "green",
  "low low high": "blue",
  "high high low": "yellow",
};

function colourOf([red = 0, green = 0, blue = 0]: number[]): string {
  const part = (value: number) => (value > 150 ? "high" : value < 90 ? "low" : "between");
  return COLOURS[[red, green, blue].map(part).join(" ")] ?? `rgb(${red}, ${green}, ${blue})`;
}

/** Uploads files on a crew's page, and opens the customer's when all of them can be seen there. */
async function seenByCustomer(
  server: { mintLink(jobId: string, role: "customer" | "crew"): Promise<string> },
  openPage: (url: string, options?: object) => Promise<Page>,
  jobId: string,
  files: string[],
): Promise<Page> {
  const crew = await openPage(await server.mintLink(jobId, "crew"), PHONE);
  await fileInput(crew).setInputFiles(files);
  await expectPhotos(crew, files.length);
  return openPage(await server.mintLink(jobId, "customer"), PHONE);
}

test("photos of all eight orientations stand upright, small and large", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Turned cameras");
  const page = await seenByCustomer(server, openPage, jobId, ORIENTATIONS);
  for (const url of await expectPhotos(page, 8)) expect(url).toContain("/thumb");
  for (const image of await photosIn(page).all()) {
    await expect.poll(() => cornersOf(image)).toEqual(UPRIGHT);
  }
  await photosIn(page).first().click();
  for (let number = 1; number <= 8; number += 1) {
    await expect(page.locator("#lightbox-title")).toContainText(`${number} of 8`);
    const large = openPicture(page);
    await expect(large).toHaveAttribute("src", /\/display/);
    await expect
      .poll(() => large.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.complete]))
      .toEqual([480, true]);
    await expect.poll(() => cornersOf(large), `photo ${number}`).toEqual(UPRIGHT);
    await page.keyboard.press("ArrowRight");
  }
});

test("a phone's HEIC, which this browser cannot show, is seen on the track page", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Phones by Apple");
  const files = ["grid-irot-exif.heic", "irot-1.heic", "display-p3.heic"].map(fixture);
  const page = await seenByCustomer(server, openPage, jobId, files);
  await expectPhotos(page, 3);
  for (const image of await photosIn(page).all()) {
    await expect.poll(() => cornersOf(image)).toEqual(UPRIGHT);
  }
});

const staffPage = (
  { ready }: { ready: { api: string; tokens: { staff: string } } },
  jobId: string,
): string => `${ready.api}/dashboard/jobs/${jobId}#t=${ready.tokens.staff}`;

const tileOf = (page: Page, photoId: string): Locator =>
  page.locator(".tile", { has: page.locator(`[data-photo-id="${photoId}"]`) });

/** What stands on the whole screen once the photo is open. */
async function opened(page: Page, photoId: string): Promise<Locator> {
  await tileOf(page, photoId).getByRole("button").click();
  const lightbox = page.locator("dialog.lightbox");
  await expect(lightbox).toBeVisible();
  return lightbox;
}

const REASONS = [
  ["html.jpg", "Not a photo", "This file isn't a photo. The original is kept."],
  ["film.heic", "Can't show this kind", "such as a film"],
  ["bomb-memory.webp", "Photo too large", "Send a smaller copy to see it here."],
  ["cut-at-half.jpg", "Cut off", "If you have a whole copy, send that one."],
] as const;

test("staff and crew read why a photo cannot be shown, and its customer sees nothing of it", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Reasons");
  const files = [...REASONS.map(([file]) => file), "orientation-1.jpg"];
  const ids = await addPhotos(
    server,
    jobId,
    files.map((file) => ({ file: fixture(file), name: file })),
  );
  const staff = await openPage(staffPage(server, jobId));
  const crew = await openPage(await server.mintLink(jobId, "crew"), PHONE);
  for (const page of [staff, crew]) {
    for (const [place, [, short, whole]] of REASONS.entries()) {
      const id = ids[place] ?? "";
      await expect(tileOf(page, id).locator(".no-preview")).toHaveText(short);
      const lightbox = await opened(page, id);
      await expect(lightbox.locator('.pswp__item[aria-hidden="false"] p')).toContainText(whole);
      await lightbox.getByRole("button", { name: "Close" }).click();
      await expect(lightbox).toHaveCount(0);
    }
  }
  const lightbox = await opened(staff, ids[0] ?? "");
  const download = staff.waitForEvent("download");
  await lightbox.getByText("Download the original").click();
  expect((await download).suggestedFilename()).toBe("html.jpg");

  const customer = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await expectPhotos(customer, 1);
  await expect(customer.locator(".tile")).toHaveCount(1);
  await expect(customer.locator(".no-preview")).toHaveCount(0);
});

test("staff and crew are told that a part of a photo is missing, and its customer just sees it", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Cut short");
  const files = ["cut-at-nine-tenths.jpg", "orientation-1.jpg"].map(fixture);
  const [cut = "", whole = ""] = await addPhotos(
    server,
    jobId,
    files.map((file) => ({ file })),
  );
  const note = "Part of this photo is missing: its file is damaged. The original is kept.";
  const staff = await openPage(staffPage(server, jobId));
  const crew = await openPage(await server.mintLink(jobId, "crew"), PHONE);
  for (const page of [staff, crew]) {
    await expectPhotos(page, 2);
    await expect(tileOf(page, cut).getByTitle("Part is missing")).toBeVisible();
    await expect(tileOf(page, cut).getByAltText("Part is missing")).toBeVisible();
    await expect(tileOf(page, whole).getByTitle("Part is missing")).toHaveCount(0);
    const lightbox = await opened(page, cut);
    await expect(lightbox.getByText(note)).toBeVisible();
    await lightbox.getByRole("button", { name: "Close" }).click();
    await opened(page, whole);
    await expect(lightbox.getByText(note)).toHaveCount(0);
  }

  const customer = await openPage(await server.mintLink(jobId, "customer"), PHONE);
  await expectPhotos(customer, 2);
  await expect(customer.getByTitle("Part is missing")).toHaveCount(0);
  const lightbox = await opened(customer, cut);
  await expect(openPicture(customer)).toBeVisible();
  await expect(lightbox.getByText("missing")).toHaveCount(0);
});
