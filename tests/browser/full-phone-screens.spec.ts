import type { Page } from "@playwright/test";
import { findings } from "./axe";
import { expect, fileInput, PHONE, test } from "./fixtures";
import { BIG, photoNamed } from "./photos";
import { manyPhotos, Phone, shareFiles, truth, worksOffline } from "./phone";

/** Drops the origin's databases, as Chromium does when a write finds the disk full. */
async function dropDatabases(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", {
    origin: originOf(page),
    storageTypes: "indexeddb",
  });
}

const originOf = (page: Page): string => new URL(page.url()).origin;
const EXPECTED = /ERR_INTERNET_DISCONNECTED|status of 404/;

for (const [colorScheme, locale] of [
  ["light", "en-US"],
  ["dark", "es-MX"],
] as const) {
  test(`a phone that is short of room says so for everyone to read (${colorScheme}, ${locale})`, async ({
    server,
  }) => {
    const spanish = locale === "es-MX";
    const say = (english: string, inSpanish: string) => (spanish ? inSpanish : english);
    const jobId = await server.addJob("Attic of Maple Street");
    const link = await server.mintLink(jobId, "crew");
    const phone = await Phone.buy(150, { colorScheme, locale, reducedMotion: "reduce" });
    const context = await phone.start();
    const page = await context.newPage();
    await page.goto(link);
    const look = async (screen: string) => {
      expect(await findings(page), screen).toEqual([]);
    };
    await worksOffline(page);

    await page.addInitScript(() => {
      // Chromium hides how full the disk is and always answers with gigabytes; other browsers answer so.
      const little = () => Promise.resolve({ quota: 300_000_000, usage: 100_000_000 });
      Object.defineProperty(navigator.storage, "estimate", { value: little });
    });
    await page.reload();
    const low = say("running short of space", "queda poco espacio");
    await expect(page.getByText(low)).toBeVisible();
    await look("low");

    await context.setOffline(true);
    phone.fillDisk();
    await fileInput(page).setInputFiles([photoNamed("one.jpg", BIG), photoNamed("two.jpg", BIG)]);
    await expect(truth(page)).toContainText(say("2 not saved", "2 sin guardar"));
    const full = say("This phone is full", "Este teléfono está lleno");
    await expect(page.getByText(full)).toBeVisible();
    await look("full");
    await context.setOffline(false);
    const safe = say("All 2 safe on the server", "Las 2 a salvo en el servidor");
    await expect(truth(page)).toHaveText(safe, { timeout: 30_000 });

    await phone.throwAway();
  });

  test(`photos that were shared wait for a tap that everyone can make (${colorScheme}, ${locale})`, async ({
    server,
  }) => {
    const jobId = await server.addJob("Attic of Maple Street");
    const phone = await Phone.buy(null, { colorScheme, locale, reducedMotion: "reduce" });
    const context = await phone.start();
    const page = await context.newPage();
    await page.goto(await server.mintLink(jobId, "crew"));
    await worksOffline(page);
    const shared = await context.newPage();
    await shareFiles(shared, server, await manyPhotos(2));
    await expect(shared.getByRole("button", { name: "Attic of Maple Street" })).toBeVisible();
    expect(await findings(shared), "shared photos that wait for a job").toEqual([]);
    await phone.throwAway();
  });
}

test("photos that the phone has lost are named by time, job and tag until they are cleared", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Garage");
  const link = await server.mintLink(jobId, "crew");
  const page = await openPage(link, { ...PHONE, expected: EXPECTED });
  await worksOffline(page);
  await page.context().setOffline(true);
  for (const tag of ["Before", "After"]) {
    await page.getByRole("button", { name: tag, exact: true }).click();
    await fileInput(page).setInputFiles(await manyPhotos(1));
    await expect(truth(page)).toContainText("only on this phone, waiting for signal");
  }
  await expect(truth(page)).toHaveText("2 only on this phone, waiting for signal");
  await page.reload();
  await expect(truth(page)).toHaveText("2 only on this phone, waiting for signal");
  await dropDatabases(page);
  await page.context().setOffline(false);
  await page.goto("about:blank");
  await page.goto(link);
  await expect(truth(page)).toHaveText("2 photos were lost on this phone. Tap to see which.");
  expect(await findings(page), "lost, said").toEqual([]);
  await truth(page).click();
  const lost = page.locator(".lost-photo");
  await expect(lost).toHaveCount(2);
  await expect(lost.first()).toContainText(/Today, .* · Before/);
  await expect(lost.last()).toContainText("Garage");
  expect(await findings(page), "lost, named").toEqual([]);
  await page.getByRole("button", { name: "Clear this list" }).click();
  await expect(lost).toHaveCount(0);
  await page.getByRole("button", { name: "Close" }).click();
  await expect(truth(page)).toHaveText("No photos yet");
});

test("a photo that was sent or removed is never named as lost", async ({ server, openPage }) => {
  const jobId = await server.addJob("Nothing lost");
  const link = await server.mintLink(jobId, "crew");
  const page = await openPage(link, { ...PHONE, expected: EXPECTED });
  await worksOffline(page);
  await fileInput(page).setInputFiles(await manyPhotos(1));
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  await page.context().setOffline(true);
  await fileInput(page).setInputFiles(await manyPhotos(1));
  await expect(truth(page)).toHaveText("1 only on this phone, waiting for signal");
  await truth(page).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "Remove for good" }).click();
  await expect(page.getByText("Nothing is waiting")).toBeVisible();
  await dropDatabases(page);
  await page.context().setOffline(false);
  await page.goto("about:blank");
  await page.goto(link);
  await expect(truth(page)).toHaveText("1 photo safe on the server");
  await truth(page).click();
  await expect(page.locator(".lost-photo")).toHaveCount(0);
});

test("a photo that another window holds is not missing in this one", async ({ server }) => {
  const phone = await Phone.buy(150);
  const context = await phone.start();
  const page = await context.newPage();
  const link = await server.mintLink(await server.addJob("Two windows, one file"), "crew");
  await page.goto(link);
  await worksOffline(page);
  const other = await context.newPage();
  await other.goto(link);
  await context.setOffline(true);
  phone.fillDisk();
  await fileInput(page).setInputFiles([photoNamed("one.jpg", BIG), photoNamed("two.jpg", BIG)]);
  await expect(truth(page)).toContainText("2 not saved");
  await other.bringToFront();
  for (let looks = 0; looks < 4; looks += 1) {
    await expect(truth(other)).toHaveText("No photos yet");
    await other.waitForTimeout(500);
  }
  await phone.throwAway();
});
