import type { Page } from "@playwright/test";
import { expect, expectPhotos, fileInput, photosIn, test } from "./fixtures";
import { SMALL } from "./photos";
import { addPhotos } from "./seed";
import type { Server } from "./server";

const drawerOf = (server: Server, jobId: string) =>
  `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`;

const row = (page: Page, title: string) => page.getByRole("link", { name: title });

test("a job is edited with its customer, and what was taken away is gone", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Before the edit");
  const page = await openPage(drawerOf(server, jobId));
  await page.getByRole("button", { name: "Edit job" }).click();
  const form = page.getByRole("dialog", { name: "Edit job" });
  await expect(form.getByLabel("What is the job?")).toHaveValue("Before the edit");
  await form.getByLabel("What is the job?").fill("After the edit");
  await form.getByLabel("Address").fill("");
  await form.getByLabel("Day and time").fill("2026-12-24T10:15");
  await form.getByLabel("Status").selectOption("in_progress");
  await form.getByLabel("Customer's name").fill("Nadia Haddad");
  await form.getByLabel("Phone").fill("+1 312 555 0144");
  await form.getByLabel("Email").fill("nadia@example.com");
  await form.getByRole("button", { name: "Save changes" }).click();
  await expect(form).toHaveCount(0);

  const drawer = page.getByRole("dialog", { name: "After the edit" });
  await expect(drawer.getByText("Nadia Haddad")).toBeVisible();
  await expect(drawer.getByRole("link", { name: "+1 312 555 0144" })).toHaveAttribute(
    "href",
    "tel:+1 312 555 0144",
  );
  await expect(drawer.getByText("Maple Street")).toHaveCount(0);
  await expect(drawer.getByLabel("Status")).toHaveValue("in_progress");
  await expect(row(page, "After the edit")).toContainText("Nadia Haddad");
  await expect(page.getByRole("button", { name: "Edit job" }), "focus is back").toBeFocused();
  const job = await server.asStaff<Record<string, unknown>>("GET", `/jobs/${jobId}`);
  expect(job).toMatchObject({
    title: "After the edit",
    address: null,
    scheduled_for: new Date("2026-12-24T10:15").toISOString().replace(".000", ""),
    status: "in_progress",
    customer: { name: "Nadia Haddad", phone: "+1 312 555 0144", email: "nadia@example.com" },
  });

  await page.getByRole("button", { name: "Edit job" }).click();
  await form.getByLabel("Email").fill("");
  await form.getByLabel("What is the job?").fill(" ");
  await form.getByRole("button", { name: "Save changes" }).click();
  await expect(form.getByText("Fill this in.")).toHaveCount(1);
  await form.getByLabel("What is the job?").fill("After the edit");
  await form.getByRole("button", { name: "Save changes" }).click();
  await expect(drawer.getByText("nadia@example.com")).toHaveCount(0);
});

test("a status is changed where it stands, and a refusal puts the old one back", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Status in place");
  const page = await openPage(drawerOf(server, jobId), { expected: /status of 500/ });
  const status = page.locator(".drawer").getByLabel("Status");
  await status.selectOption("done");
  await expect(row(page, "Status in place")).toContainText("Done");
  await expect
    .poll(() => server.asStaff("GET", `/jobs/${jobId}`))
    .toMatchObject({ status: "done" });

  await page.route(`${server.ready.api}/jobs/${jobId}`, (route) =>
    route.request().method() === "PATCH" ? route.fulfill({ status: 500 }) : route.continue(),
  );
  await status.selectOption("cancelled");
  await expect(page.locator(".drawer").getByText("Nothing was lost.")).toBeVisible();
  await expect(status).toHaveValue("done");
  await expect(row(page, "Status in place")).toContainText("Done");

  await page.unroute(`${server.ready.api}/jobs/${jobId}`);
  await page.getByRole("button", { name: "Scheduled" }).click();
  await status.selectOption("scheduled");
  await expect(row(page, "Status in place"), "the list of that status has it").toBeVisible();
  await status.selectOption("cancelled");
  await expect(row(page, "Status in place"), "and loses it").toHaveCount(0);
});

test("two people see each other's photos and changes without a reload", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Seen by two");
  const one = await openPage(drawerOf(server, jobId));
  const two = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(one.getByText("No photos yet.")).toBeVisible();
  await expect(row(two, "Seen by two")).toContainText("No photos");

  const crew = await openPage(await server.mintLink(jobId, "crew"));
  await fileInput(crew).setInputFiles(SMALL);
  await expectPhotos(one, 1);
  await expect(row(two, "Seen by two")).toContainText("1 photo");
  await expect(row(two, "Seen by two").locator(".shot img"), "the cover too").toBeVisible();
  await expect(one.locator(".history")).toContainText("1 photo added");

  await one.locator(".drawer").getByLabel("Status").selectOption("in_progress");
  await expect(row(two, "Seen by two")).toContainText("In progress");
  await server.addJob("Called in just now");
  await expect(row(two, "Called in just now")).toBeVisible();

  const [photo] = await server.listPhotos(jobId);
  await server.asStaff("DELETE", `/jobs/${jobId}/photos/${photo?.photo_id}`);
  await expect(photosIn(one)).toHaveCount(0);
});

test("without live news the pages ask now and then, and the news come back by themselves", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("News cut off");
  const page = await openPage("about:blank", { expected: /ERR_FAILED|status of 503/ });
  let tries = 0;
  await page.route("**/events", (route) => {
    tries += 1;
    return tries <= 2 ? route.abort() : route.continue();
  });
  await page.goto(drawerOf(server, jobId));
  await expect(page.getByText("No photos yet.")).toBeVisible();
  await addPhotos(server, jobId, [{ file: SMALL }]);
  await expectPhotos(page, 1);
  await expect.poll(() => tries).toBeGreaterThan(2);
  await expect(page.getByText("can't reach the server")).toHaveCount(0);
});

test("an upload in the drawer counts in the list at once, and the list shows it", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Row follows");
  const page = await openPage(drawerOf(server, jobId));
  await fileInput(page).setInputFiles([SMALL, SMALL]);
  await expect(row(page, "Row follows")).toContainText("2 photos");
  await expect(row(page, "Row follows").locator(".shot img")).toBeVisible();
  await expect(page.locator(".history")).toContainText("2 photos added");
  await expect(page.locator(".history")).toContainText("Job added");
});

test("the dashboard is used from the list to a deleted photo with the keyboard alone", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Keys alone");
  await server.addJob("Keys alone, the one before");
  await addPhotos(server, jobId, [{ file: SMALL }, { file: SMALL }, { file: SMALL }]);
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff));
  await expect(row(page, "Keys alone, the one before")).toBeVisible();
  const focused = () => page.evaluate(() => document.activeElement?.tagName ?? "BODY");
  const press = async (key: string) => {
    await page.keyboard.press(key);
    // Before the first key nothing has the focus, and what a key opens takes it when it is drawn.
    await expect.poll(focused, `focus after ${key}`).not.toBe("BODY");
  };

  await press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toHaveCount(0);

  await press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("keys alone");
  await expect(page.locator("a.job-row")).toHaveCount(2);
  await press("ArrowDown");
  await expect(page.locator("a.job-row").first()).toBeFocused();
  await press("j");
  await expect(page.locator("a.job-row").last()).toBeFocused();
  await press("Enter");
  await expect(page.locator("#drawer-title")).toHaveText("Keys alone");
  await expectPhotos(page, 3);

  // Tab reaches the first photo; from there the arrows move.
  const tile = (number: number) => page.locator(".tile button[data-photo-id]").nth(number - 1);
  for (let tabs = 0; tabs < 10; tabs += 1) {
    if (await tile(1).evaluate((element) => element === document.activeElement)) break;
    await press("Tab");
  }
  await expect(tile(1)).toBeFocused();
  await press("ArrowRight");
  await expect(tile(2)).toBeFocused();
  await press("Enter");
  await expect(page.getByRole("dialog", { name: "Photo 2 of 3" })).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.getByRole("button", { name: "Before", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.keyboard.press("Delete");
  await expect(page.locator("#lightbox-title")).toContainText("of 2");
  await page.keyboard.press("Escape");
  await expect(page.locator("dialog[open]")).toHaveCount(0);
  await expect(page.locator(".tile button[data-photo-id]:focus")).toHaveCount(1);
  await page.keyboard.press("Control+z");
  await expect(photosIn(page)).toHaveCount(3);
  await expect(tile(2), "what is back has the focus").toBeFocused();
  await expect(tile(2).locator("..")).toContainText("Before");
  await press("Delete");
  await expect(photosIn(page)).toHaveCount(2);
  await press("Escape");
  await expect(row(page, "Keys alone").last()).toBeFocused();
  await press("n");
  await expect(page.getByRole("dialog", { name: "New job" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(row(page, "Keys alone").last()).toBeFocused();
  await expect.poll(() => server.listPhotos(jobId).then((photos) => photos.length)).toBe(2);
});

test("after signing out neither the back button nor another tab shows anything", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Private matter");
  const page = await openPage(server.link("dashboard", server.ready.tokens.staff), {
    expected: /status of 401/,
  });
  await row(page, "Private matter").click();
  await expect(page.locator("#drawer-title")).toHaveText("Private matter");
  const other = await page.context().newPage();
  await other.goto(`${server.ready.api}/dashboard/jobs/${jobId}`);
  await expect(other.locator("#drawer-title")).toHaveText("Private matter");

  await page.getByRole("button", { name: "Sign out" }).click();
  const signIn = page.getByRole("heading", { name: "Open your link to sign in" });
  await expect(signIn).toBeVisible();
  await page.goBack();
  await expect(signIn).toBeVisible();
  await expect(page.getByText("Private matter")).toHaveCount(0);
  await expect(other.getByRole("heading", { name: "Open your link to sign in" })).toBeVisible();
});

test("signing out in the middle of an upload asks first", async ({ server, openPage }) => {
  const jobId = await server.addJob("Still sending");
  const page = await openPage(drawerOf(server, jobId));
  await page.route(`${server.ready.store}/**`, () => undefined);
  await fileInput(page).setInputFiles(SMALL);
  await expect(page.locator(".upload-row")).toHaveAttribute("data-state", /sending|saving/);
  await page.getByRole("button", { name: "Sign out" }).click();
  const question = page.getByRole("dialog", { name: "1 photo is still being sent." });
  await question.getByRole("button", { name: "Stay" }).click();
  await expect(question).toHaveCount(0);
  await expect(page.locator("#drawer-title")).toHaveText("Still sending");
});

test("nothing jumps while the list and a drawer load", async ({ server, openPage }) => {
  const jobId = await server.addJob("Steady drawer");
  await addPhotos(server, jobId, [{ file: SMALL }, { file: SMALL }]);
  const page = await openPage("about:blank");
  for (const path of ["session", "jobs?*", `jobs/${jobId}*`, "list_photos*"]) {
    await page.route(`${server.ready.api}/${path}`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await route.continue();
    });
  }
  await page.addInitScript(() => {
    const seen = { shifted: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
        if (!shift.hadRecentInput) seen.shifted += shift.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(drawerOf(server, jobId));
  await expect(photosIn(page)).toHaveCount(2);
  await expect(page.locator(".history")).toBeVisible();
  await page.waitForLoadState("domcontentloaded");
  const shifted = await page.evaluate(
    () => (window as unknown as { seen: { shifted: number } }).seen.shifted,
  );
  expect(shifted).toBeLessThan(0.02);
});

test("a list that can't be loaded says so and tries again, and an old one says that it is old", async ({
  server,
  openPage,
}) => {
  await server.addJob("Comes later");
  const page = await openPage("about:blank", { expected: /ERR_FAILED|status of 500/ });
  // Live news would ask again by themselves.
  await page.route("**/events", (route) => route.abort());
  await page.route("**/jobs?*", (route) => route.fulfill({ status: 500 }));
  await page.goto(server.link("dashboard", server.ready.tokens.staff));
  await expect(page.getByRole("alert")).toContainText("Nothing was lost.");
  await page.unroute("**/jobs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(row(page, "Comes later")).toBeVisible();
  await page.route("**/jobs?*", (route) => route.abort());
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expect(page.getByText("What you see may be out of date.")).toBeVisible();
  await expect(row(page, "Comes later")).toBeVisible();
});

test("the dashboard speaks Spanish throughout", async ({ server, openPage }) => {
  const jobId = await server.addJob("Mudanza");
  await addPhotos(server, jobId, [{ file: SMALL }]);
  const page = await openPage(drawerOf(server, jobId), { locale: "es-US" });
  await expect(page.getByRole("button", { name: "Nuevo trabajo" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Historial" })).toBeVisible();
  await photosIn(page).first().click();
  await page.getByRole("button", { name: "Después", exact: true }).click();
  await page.getByLabel("Descripción").fill("Vacío y barrido");
  await page.getByLabel("Descripción").press("Enter");
  await expect(page.getByText("Guardado", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Eliminar foto" }).click();
  await page.getByRole("button", { name: "Deshacer" }).click();
  await expectPhotos(page, 1);
  const english = ["Photos", "Share", "History", "Upload", "Delete", "Undo", "Status"];
  const text = await page.locator(".drawer").innerText();
  for (const word of english) expect(text, word).not.toMatch(new RegExp(`\\b${word}\\b`));
});
