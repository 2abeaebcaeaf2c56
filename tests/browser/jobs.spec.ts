import type { Page } from "@playwright/test";
import { expect, PHONE, test as base } from "./fixtures";
import { Server } from "./server";

const JOBS = 10_000;
/** Of a list of any length only so many rows are in the page. */
const ROWS_MAX = 60;

/** A server with as many jobs as a busy business has in some years, the newest with the highest number. */
async function serverWithJobs(): Promise<Server> {
  const server = await Server.start("--requests-per-minute-max", "1000000");
  const { customer_id } = await server.asStaff<{ customer_id: string }>("POST", "/customers", {
    name: "Lindqvist Construction",
  });
  let next = 1;
  const add = async () => {
    while (next <= JOBS) {
      const number = String(next).padStart(5, "0");
      next += 1;
      const title = `Job number ${number}`;
      await server.asStaff("POST", "/jobs", { customer_id, title, job_id: `n${number}` });
    }
  };
  await Promise.all(Array.from({ length: 16 }, add));
  return server;
}

const rows = (page: Page) => page.locator("a.job-row");

const rowsInPage = (page: Page) =>
  page.evaluate(() => ({
    rows: document.querySelectorAll("a.job-row").length,
    elements: document.querySelectorAll("*").length,
  }));

/** Scrolls on until the list has no more to load, and says how many times it had to. */
async function scrollToEnd(page: Page): Promise<number> {
  for (let steps = 1; ; steps += 1) {
    const before = await page.evaluate(() => {
      window.scrollTo(0, document.documentElement.scrollHeight);
      return document.documentElement.scrollHeight;
    });
    const atEnd = page.locator("a.job-row", { hasText: "Sample job" });
    await expect
      .poll(
        async () =>
          (await atEnd.count()) > 0 ||
          (await page.evaluate(() => document.documentElement.scrollHeight)) > before,
      )
      .toBe(true);
    if ((await atEnd.count()) > 0) return steps;
  }
}

/** One server for all tests of this file. */
const test = base.extend<object, { many: Server }>({
  many: [
    async ({}, use) => {
      const server = await serverWithJobs();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 180_000 },
  ],
});
test.describe.configure({ timeout: 120_000 });

test("the list scrolls to its end with a bounded number of rows and asks for each page once", async ({
  many: server,
  openPage,
}) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(rows(page).first()).toBeVisible();
  expect((await rowsInPage(page)).rows).toBeLessThan(ROWS_MAX);
  const asked: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/jobs") asked.push(url.searchParams.get("cursor") ?? "first");
  });
  await scrollToEnd(page);
  await expect(page.locator(".job-list > li").last()).toHaveAttribute(
    "aria-posinset",
    String(JOBS + 1),
  );
  const { rows: count, elements } = await rowsInPage(page);
  expect(count).toBeLessThan(ROWS_MAX);
  expect(elements, "elements in the whole page").toBeLessThan(1_500);
  expect(new Set(asked).size, "no page was asked for twice").toBe(asked.length);

  // With everything loaded a refresh still asks for one page, and what is on the screen stays where it is.
  asked.length = 0;
  const lastRow = async () => {
    const box = await rows(page).last().boundingBox();
    return { text: await rows(page).last().textContent(), top: Math.round(box?.y ?? NaN) };
  };
  let seen = await lastRow();
  await expect(async () => {
    const before = seen;
    await page.waitForTimeout(100);
    seen = await lastRow();
    expect(seen, "the list comes to rest").toEqual(before);
  }).toPass();
  await server.addJob("Added while one looks at the end");
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expect.poll(() => asked).toContain("first");
  await page.waitForTimeout(600);
  expect(asked.every((cursor) => cursor === "first")).toBe(true);
  await expect.poll(lastRow).toEqual(seen);
});

test("scrolling fast shows rows in every frame", async ({ many: server, openPage }) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(rows(page).first()).toBeVisible();
  const heightPx = () => page.evaluate(() => document.documentElement.scrollHeight);
  while ((await heightPx()) < 50_000) {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForTimeout(50);
  }
  const { frames, blank } = await page.evaluate(async () => {
    const seen = { frames: 0, blank: 0 };
    for (let y = document.documentElement.scrollHeight; y > 0; y -= 160) {
      window.scrollTo(0, y);
      await new Promise(requestAnimationFrame);
      seen.frames += 1;
      const middle = document.elementFromPoint(400, innerHeight / 2);
      if (middle?.closest(".job-list") && !middle.closest("a.job-row")) seen.blank += 1;
    }
    return seen;
  });
  expect(frames).toBeGreaterThan(100);
  expect(blank, "frames without rows").toBeLessThan(frames / 20);
});

test("a search among them answers at once and begins at its top", async ({
  many: server,
  openPage,
}) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff), PHONE);
  await expect(rows(page).first()).toBeVisible();
  await page.evaluate(() => window.scrollTo(0, 4_000));
  await page.getByRole("searchbox").fill("number 04711");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("Job number 04711");
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await page.getByRole("searchbox").fill("");
  await expect(rows(page).nth(5)).toBeVisible();
});

test("keys walk the list beyond the screen and the focus is never lost", async ({
  many: server,
  openPage,
}) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(rows(page).first()).toBeVisible();
  const first = await rows(page).first().textContent();
  await page.keyboard.press("j");
  await expect(rows(page).first()).toBeFocused();
  for (let presses = 0; presses < 150; presses += 1) await page.keyboard.press("j");
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.closest("li")?.ariaPosInSet))
    .toBe("151");
  await expect(page.locator("a.job-row:focus")).toBeInViewport();

  // Scrolled away it keeps its place: the next key goes on from there.
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.keyboard.press("ArrowUp");
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.closest("li")?.ariaPosInSet))
    .toBe("150");
  await page.keyboard.press("Enter");
  await expect(page.locator("#drawer-title")).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.locator("a.job-row[aria-current]").locator("..")).toHaveAttribute(
    "aria-posinset",
    "151",
  );
  await page.keyboard.press("Escape");
  await expect(page.locator("a.job-row:focus").locator("..")).toHaveAttribute(
    "aria-posinset",
    "151",
  );
  expect(first).not.toBeNull();
});
