import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { findings } from "./axe";
import { expect, expectPhotos, fileInput, PHONE, test } from "./fixtures";
import { truth, worksOffline } from "./phone";
import { photoNamed, SMALL } from "./photos";

const NOTES = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("buy milk") };

for (const colorScheme of ["light", "dark"] as const) {
  test(`every screen of the crew's page can be read and used by everyone in the ${colorScheme} theme`, async ({
    server,
    openPage,
  }) => {
    const [barn, mill] = [
      await server.addJob(`Barn ${colorScheme}`),
      await server.addJob(`Mill ${colorScheme}`),
    ];
    const page = await openPage(await server.mintLink(barn, "crew"), {
      ...PHONE,
      colorScheme,
      reducedMotion: "reduce",
      expected: /ERR_INTERNET_DISCONNECTED|status of 401/,
    });
    const look = async (screen: string) => expect(await findings(page), screen).toEqual([]);
    await expect(page.getByText("No photos yet")).toBeVisible();
    await look("empty");
    await page.goto("about:blank");
    const second = await server.newLink(mill, "crew");
    await page.goto(second.url);
    await expect(page.getByRole("heading", { name: "Mill" })).toBeVisible();
    await worksOffline(page);

    await page.getByRole("button", { name: "Before" }).click();
    await fileInput(page).setInputFiles(photoNamed("one.jpg", SMALL));
    await expectPhotos(page, 1);
    await look("safe");
    await page.context().setOffline(true);
    await fileInput(page).setInputFiles([photoNamed("two.jpg", SMALL), NOTES]);
    await expect(truth(page)).toHaveText("2 only on this phone, not sent. Tap to see why.");
    await look("only here");
    await truth(page).click();
    await look("this phone");
    await page.getByRole("button", { name: "Remove" }).first().click();
    await look("question");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("button", { name: "Phone shortcuts" }).click();
    await look("shortcuts");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Change job" }).click();
    await look("choice of a job");

    await server.asStaff("DELETE", `/links/${second.link_id}`);
    await page.context().setOffline(false);
    await expect(page.getByRole("heading", { name: "no longer works" })).toBeVisible();
    await expect(page.getByText("are safe on this phone")).toBeVisible();
    await look("ended link with photos");
  });
}

test("every button of the crew's page is as large as a glove needs", async ({
  server,
  openPage,
}) => {
  const page = await openPage(await server.mintLink(await server.addJob("Gloves"), "crew"), PHONE);
  await expect(page.getByText("No photos yet")).toBeVisible();
  const heights = await page
    .locator("button:visible")
    .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height));
  expect(heights.length).toBeGreaterThan(6);
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(64);
});

test("the shortcuts hold the driver's own link and job, for Android as a file", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Shortcut");
  const link = await server.mintLink(jobId, "crew");
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get("t") ?? "";
  const page = await openPage(link, PHONE);
  await page.getByRole("button", { name: "This phone", exact: true }).click();
  await page.getByRole("button", { name: "Phone shortcuts" }).click();
  await expect(page.getByLabel("Authorization")).toHaveValue(`Bearer ${token}`);
  await expect(page.getByLabel("job_id")).toHaveValue(jobId);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the file for Android" }).click(),
  ]);
  const text = readFileSync(await file.path(), "utf8");
  expect(() => JSON.parse(text) as unknown).not.toThrow();
  for (const part of [token, jobId, "upload-url"]) expect(text).toContain(part);
});

test("the crew's page speaks Spanish, and keeps to it", async ({ server, openPage }) => {
  const page = await openPage(await server.mintLink(await server.addJob("Idioma"), "crew"), {
    ...PHONE,
    locale: "es-MX",
  });
  await expect(page.getByRole("button", { name: "Tomar foto" })).toBeVisible();
  await fileInput(page).setInputFiles(photoNamed("una.jpg", SMALL));
  await expect(page.getByText("1 foto a salvo en el servidor")).toBeVisible();
  await noSidewaysScroll(page);
});

async function noSidewaysScroll(page: Page): Promise<void> {
  const wider = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(wider).toBeLessThanOrEqual(0);
}
