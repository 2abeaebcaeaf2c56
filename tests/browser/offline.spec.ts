import { createHash } from "node:crypto";
import { expect, test as base } from "@playwright/test";
import { fileInput } from "./fixtures";
import { manyPhotos, Phone, truth, worksOffline } from "./phone";
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
    await expect(truth(page)).toHaveText(
      `${at + 25} only on this phone, waiting for signal`,
      { timeout: 30_000 },
    );
  }
  await phone.crash();

  context = await phone.start();
  await context.setOffline(true);
  page = await context.newPage();
  await page.goto(`${server.ready.api}/capture/`);
  await expect(page.getByRole("heading", { name: "Basement without signal" })).toBeVisible();
  await expect(truth(page)).toHaveText(`${PHOTOS} only on this phone, waiting for signal`);
  await expect(page.locator(".tile")).toHaveCount(PHOTOS);
  expect(await server.listPhotos(jobId)).toEqual([]);

  await context.setOffline(false);
  await expect(truth(page)).toHaveText(`All ${PHOTOS} safe on the server`, { timeout: 120_000 });
  const listed = await server.listPhotos(jobId);
  expect(listed).toHaveLength(PHOTOS);
  const sums = await Promise.all(listed.map(async ({ url }) => sumOf(await bytesAt(url))));
  expect(sums.sort()).toEqual(photos.map(({ buffer }) => sumOf(buffer)).sort());
});

async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function sumOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
