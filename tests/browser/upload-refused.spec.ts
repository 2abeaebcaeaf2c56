import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page, Route } from "@playwright/test";
import { expect, expectPhotos, fileInput, noticing, test, uploadRow } from "./fixtures";
import { BIG, photoNamed, SMALL } from "./photos";
import type { Server } from "./server";

async function openDrawer(
  server: Server,
  openPage: (url: string, options: { expected: RegExp }) => Promise<Page>,
  title: string,
): Promise<{ page: Page; jobId: string }> {
  const jobId = await server.addJob(title);
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
    { expected: /status of (403|413|422|429)|ERR_CONNECTION_REFUSED|ERR_FAILED/ },
  );
  await expect(page.getByText("No photos yet.")).toBeVisible();
  return { page, jobId };
}

/** Answers the asking for an upload with a refusal, `times` times. */
async function refuse(page: Page, status: number, times: number, more: object = {}): Promise<void> {
  let left = times;
  await page.route("**/upload-url", (route: Route) => {
    left -= 1;
    if (left < 0) return route.continue();
    return route.fulfill({
      status,
      contentType: "application/problem+json",
      headers: status === 429 ? { "retry-after": "1" } : {},
      body: JSON.stringify({ code: "refused", detail: "refused", ...more }),
    });
  });
}

test("a busy server is asked again after the pause it asks for", async ({ server, openPage }) => {
  const { page } = await openDrawer(server, openPage, "Too many");
  await refuse(page, 429, 1);
  const saidSo = await noticing(page, "Trying again in");
  await fileInput(page).setInputFiles(SMALL);
  await expectPhotos(page, 1);
  await saidSo();
});

test("a refused upload says so, names no machinery, and the others still go", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openDrawer(server, openPage, "Forbidden");
  await refuse(page, 403, 1);
  await fileInput(page).setInputFiles([photoNamed("no.jpg", SMALL)]);
  const row = uploadRow(page, "no.jpg");
  await expect(row).toHaveAttribute("data-state", "failed");
  await expect(row.locator(".state")).toHaveText(/refused this file|doesn't allow adding photos/);
  await fileInput(page).setInputFiles([photoNamed("yes.jpg", SMALL)]);
  await expectPhotos(page, 1);
  await row.getByRole("button", { name: "Try again" }).click();
  await expectPhotos(page, 2);
  expect(await server.listPhotos(jobId)).toHaveLength(2);
});

test("a file over the limit is refused before a byte of it is sent", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openDrawer(server, openPage, "Too big");
  const path = join(tmpdir(), `too-big-${process.pid}.jpg`);
  const file = await open(path, "w");
  await file.truncate(200_000_000);
  await file.close();
  let sent = 0;
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().startsWith(server.ready.store)) sent += 1;
  });
  await fileInput(page).setInputFiles(path);
  await expect(page.locator(".upload-row")).toContainText("too big to send");
  await expect(page.getByRole("button", { name: /^Try again/ })).toHaveCount(0);
  expect(sent).toBe(0);
  await page.getByRole("button", { name: /^Remove from this list/ }).click();
  await expect(page.getByText("No photos yet.")).toBeVisible();

  await refuse(page, 413, 1);
  await fileInput(page).setInputFiles(SMALL);
  await expect(uploadRow(page, "IMG_0003.JPG")).toContainText("too big to send");
  expect(await server.listPhotos(jobId)).toEqual([]);
  await rm(path);
});

test("a text is no photo and says so at once", async ({ server, openPage }) => {
  const { page } = await openDrawer(server, openPage, "Text file");
  await fileInput(page).setInputFiles({
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("buy milk"),
  });
  await expect(uploadRow(page, "notes.txt")).toContainText("This isn't a photo we can take.");
});

test("while the server is down the photo is said to be safe and goes when it is back", async ({
  server,
  openPage,
}) => {
  const { page } = await openDrawer(server, openPage, "Server down");
  await page.route("**/upload-url", (route) => route.abort("connectionrefused"));
  const saidSo = await noticing(page, "Trying again in");
  await fileInput(page).setInputFiles(SMALL);
  const row = uploadRow(page, "IMG_0003.JPG");
  await saidSo();
  await expect(row).toContainText("The photo is still on this device.", { timeout: 30_000 });
  await page.unroute("**/upload-url");
  await row.getByRole("button", { name: "Try again" }).click();
  await expectPhotos(page, 1);
});

test("several files show how many bytes of all are sent, and are cancelled together", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openDrawer(server, openPage, "Together");
  const session = await page.context().newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    ...{ offline: false, latency: 5, downloadThroughput: -1, uploadThroughput: 100_000 },
  });
  await fileInput(page).setInputFiles([photoNamed("a.jpg", BIG), photoNamed("b.jpg", BIG)]);
  const total = page.locator(".upload-total");
  await expect(total).toContainText("of 1.5 MB sent");
  await expect
    .poll(() => total.locator("progress").evaluate((bar: HTMLProgressElement) => bar.value))
    .toBeGreaterThan(50_000);
  await total.getByRole("button", { name: "Cancel all" }).click();
  await expect(page.locator(".upload-row")).toHaveCount(0);
  await expect(page.getByText("No photos yet.")).toBeVisible();
  expect(await server.listPhotos(jobId)).toEqual([]);
});

test("photos dropped anywhere on the drawer go up, and beside it nothing is lost", async ({
  server,
  openPage,
}) => {
  const { page, jobId } = await openDrawer(server, openPage, "Dropped");
  const bytes = [...photoNamed("x", SMALL).buffer];
  const drag = async (selector: string, ...types: string[]) => {
    await expect(page.locator(selector).first()).toBeAttached();
    await page.evaluate(
      ([at, bytes, types]) => {
        const transfer = new DataTransfer();
        transfer.items.add(
          new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }),
        );
        const element = document.querySelector(at);
        for (const type of types) {
          const init = { bubbles: true, cancelable: true, dataTransfer: transfer };
          element?.dispatchEvent(new DragEvent(type, init));
        }
      },
      [selector, bytes, types] as const,
    );
  };
  await drag(".drawer h2", "dragover");
  await expect(page.getByText("Drop to upload")).toBeVisible();
  await drag(".drawer h2", "dragleave");
  await expect(page.getByText("Drop to upload")).toHaveCount(0);
  await drag(".job-list", "dragover", "drop");
  await drag("#share-title", "dragover", "drop");
  await expectPhotos(page, 1);
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});

test("what is sent, or failed, in a drawer that was closed is still said", async ({
  server,
  openPage,
}) => {
  const { page } = await openDrawer(server, openPage, "Closed meanwhile");
  let answer: (() => void) | undefined;
  await page.route("**/upload-url", async (route) => {
    await new Promise<void>((resolve) => (answer = resolve));
    const body = JSON.stringify({ code: "forbidden" });
    await route.fulfill({ status: 403, contentType: "application/problem+json", body });
  });
  await fileInput(page).setInputFiles(SMALL);
  await page.keyboard.press("Escape");
  await expect(page.locator(".drawer")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "1 photo of another job is being" })).toBeVisible();
  answer?.();
  await page.getByRole("button", { name: "1 photo of another job isn't sent." }).click();
  await expect(page.locator("#drawer-title")).toHaveText("Closed meanwhile");
  await page.unroute("**/upload-url");
  await page.getByRole("button", { name: /^Try again/ }).click();
  await expectPhotos(page, 1);
});
