import { expect, expectPhotos, fileInput, openPicture, PHONE, photosIn, test } from "./fixtures";
import { SMALL } from "./photos";

test("a staff link opens the dashboard and leaves no token in the address", async ({
  server,
  openPage,
}) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(page.getByRole("heading", { name: "Jobs" })).toBeVisible();
  await expect(page.locator("a.job-row").first()).toBeVisible();
  await expect(page).toHaveURL(`${server.ready.api}/dashboard/`);
  expect(await page.evaluate(() => document.cookie), "the session is out of scripts' reach").toBe(
    "",
  );
  await page.reload();
  await expect(page.locator("a.job-row").first()).toBeVisible();
});

test("the policy of every page allows no inline script, no inline style and no frame", async ({
  server,
}) => {
  for (const path of ["/dashboard/", "/dashboard/jobs/x", "/track/", "/capture/"]) {
    const response = await fetch(server.ready.api + path);
    expect(response.status, path).toBe(200);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toContain("unsafe");
    expect(await response.text(), path).not.toMatch(
      /<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/,
    );
  }
});

test("the drawer has an address, closes with Escape and gives the focus back", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Keyboard job");
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  const row = page.getByRole("link", { name: "Keyboard job" });
  await row.focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Keyboard job" });
  await expect(drawer.getByRole("heading", { name: "Keyboard job" })).toBeFocused();
  await expect(page).toHaveURL(`${server.ready.api}/dashboard/jobs/${jobId}`);

  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await expect(row).toBeFocused();
  await expect(page).toHaveURL(`${server.ready.api}/dashboard/`);

  await page.goForward();
  await expect(drawer).toBeVisible();
  await page.goBack();
  await expect(drawer).toHaveCount(0);

  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("keyboard job");
  await expect(page.locator("a.job-row")).toHaveCount(1);
  await page.keyboard.type(" nobody has this");
  await expect(page.getByText("Nothing matches")).toBeVisible();
});

test("Escape closes the photo first and the drawer after it", async ({ server, openPage }) => {
  const jobId = await server.addJob("Two layers");
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await fileInput(page).setInputFiles(SMALL);
  await expectPhotos(page, 1);
  await page.locator(".tile button[data-photo-id]").click();
  await expect(openPicture(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("dialog[open]")).toHaveCount(0);
  await expect(page.locator(".tile button[data-photo-id]")).toBeFocused();
  await expect(page.locator(".drawer")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator(".drawer")).toHaveCount(0);
});

test("a new job is added with its customer and opens", async ({ server, openPage }) => {
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await page.getByRole("button", { name: "New job" }).click();
  await page.getByRole("button", { name: "Add job" }).click();
  await expect(page.getByText("Fill this in.")).toHaveCount(2);
  await page.getByLabel("What is the job?").fill("Hot tub removal");
  await page.getByLabel("Customer's name").fill("Sam Okafor");
  await page.getByLabel("Day and time").fill("2026-12-01T09:30");
  await page.getByRole("button", { name: "Add job" }).click();
  const drawer = page.getByRole("dialog", { name: "Hot tub removal" });
  await expect(drawer.getByText("Sam Okafor")).toBeVisible();
  await expect(page.getByRole("link", { name: "Hot tub removal" })).toBeVisible();
});

test("another customer's link is told that the job does not exist", async ({
  server,
  openPage,
}) => {
  const [mine, theirs] = [await server.addJob("Mine"), await server.addJob("Theirs")];
  const page = await openPage(await server.mintLink(mine, "customer"), {
    expected: /status of 404/,
  });
  await expect(page.getByRole("heading", { name: "Mine" })).toBeVisible();
  const ask = (path: string) =>
    page.evaluate(
      async ([url, key]) => {
        const response = await fetch(url, {
          headers: { "x-api-key": key, "x-qdn-role": "customer" },
        });
        const { request_id, ...body } = await response.json();
        return { status: response.status, hasRequestId: typeof request_id === "string", body };
      },
      [path, server.ready.application_key] as const,
    );
  expect((await ask(`/list_photos?job_id=${mine}`)).status).toBe(200);
  for (const path of ["/list_photos?job_id=", "/jobs/"]) {
    const foreign = await ask(path + theirs);
    expect(foreign.status, path).toBe(404);
    expect(foreign, "a foreign job answers as one that does not exist").toEqual(
      await ask(`${path}nothing-like-it`),
    );
  }
});

test("a link that was turned off says so kindly, and a bookmark of it too", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Turned off");
  const link = await server.mintLink(jobId, "customer");
  const customer = await openPage(link, { ...PHONE, expected: /status of 401/ });
  await expect(customer.getByRole("heading", { name: "Turned off" })).toBeVisible();

  const staff = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await staff.getByRole("button", { name: "Turn off" }).click();
  await staff.locator("dialog").getByRole("button", { name: "Turn off" }).click();
  await expect(staff.getByText("Links in use")).toHaveCount(0);

  await customer.reload();
  await expect(customer.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
  await expect(customer.getByText("Your photos are safe.")).toBeVisible();
});

test("two links of one role in one browser do not shut each other out", async ({
  server,
  openPage,
}) => {
  const first = await server.mintLink(await server.addJob("First link"), "customer");
  const second = await server.mintLink(await server.addJob("Second link"), "customer");
  // The first page's cookie is replaced by the second's; the browser reports the refusals that this heals.
  const page = await openPage(first, { expected: /status of 40[14]/ });
  await expect(page.getByRole("heading", { name: "First link" })).toBeVisible();
  const other = await page.context().newPage();
  await other.goto(second);
  await expect(other.getByRole("heading", { name: "Second link" })).toBeVisible();
  await page.bringToFront();
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByText("Photos show here as soon as")).toBeVisible();
  await expect(page.getByText("can't reach the server")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("heading", { name: "First link" })).toBeVisible();
});

test("the pages speak the reader's language", async ({ server, openPage }) => {
  const link = await server.mintLink(await server.addJob("Mudanza"), "customer");
  const page = await openPage(link, { ...PHONE, locale: "es-MX" });
  await expect(page.getByText("Las fotos aparecerán aquí")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.getByText("Photos show here as soon as")).toBeVisible();
});

test("nothing jumps while the customer's page loads", async ({ server, openPage }) => {
  const jobId = await server.addJob("Steady page");
  const staff = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
  );
  await fileInput(staff).setInputFiles([SMALL, SMALL, SMALL]);
  await expectPhotos(staff, 3);
  const page = await openPage("about:blank", PHONE);
  // Slow enough that every stage of loading is on screen for some frames.
  for (const path of ["session", "jobs/*", "list_photos*"]) {
    await page.route(`${server.ready.api}/${path}`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await route.continue();
    });
  }
  await page.addInitScript(() => {
    const seen = { shifted: 0, tops: new Set<number>() };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        seen.shifted += (entry as PerformanceEntry & { value: number }).value;
      }
    }).observe({ type: "layout-shift", buffered: true });
    const look = () => {
      const grid = document.querySelector(".photo-grid");
      if (grid !== null) seen.tops.add(Math.round(grid.getBoundingClientRect().top));
      requestAnimationFrame(look);
    };
    look();
  });
  await page.goto(await server.mintLink(jobId, "customer"));
  // Whether they are decoded is another test's matter; waiting for that scrolls the page.
  await expect(photosIn(page)).toHaveCount(3);
  await page.waitForLoadState("networkidle");
  const { shifted, tops } = await page.evaluate(() => {
    const { seen } = window as unknown as { seen: { shifted: number; tops: Set<number> } };
    return { shifted: seen.shifted, tops: [...seen.tops] };
  });
  expect(shifted).toBeLessThan(0.01);
  expect(tops, "where the photos stood, from the first frame to the last").toHaveLength(1);
});
