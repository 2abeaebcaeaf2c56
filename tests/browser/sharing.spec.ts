import jsQR from "jsqr";
import { PNG } from "pngjs";
import { expect, PHONE, test } from "./fixtures";

const DAY_MS = 86_400_000;

test("a customer link is handed over by QR code, by text and by mail, and turned off again", async ({
  server,
  openPage,
}) => {
  const { customer_id } = await server.asStaff<{ customer_id: string }>("POST", "/customers", {
    name: "Ana Ruiz",
    phone: "+1 (312) 555-0119",
    email: "ana@example.com",
  });
  const { job_id } = await server.asStaff<{ job_id: string }>("POST", "/jobs", {
    customer_id,
    title: "Piano & sofa",
  });
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${job_id}#t=${server.ready.tokens.staff}`,
  );
  await page.getByLabel("How long it works: Customer link").selectOption("1 week");
  await page.getByRole("button", { name: "Make link: Customer link" }).click();
  const dialog = page.getByRole("dialog", { name: "The customer link is ready" });
  const link = await dialog.getByLabel("Customer link", { exact: true }).inputValue();

  // A phone's camera reads what is on the screen.
  const code = dialog.getByRole("img", { name: "QR code: Customer link" });
  await expect
    .poll(() => code.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
  const picture = PNG.sync.read(await code.screenshot());
  expect(picture.width, "large enough for a phone held before a screen").toBeGreaterThan(240);
  const read = jsQR(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  expect(read?.data).toBe(link);

  const text = await dialog.getByRole("link", { name: "Text Ana Ruiz" }).getAttribute("href");
  expect(text).toContain("sms:+13125550119?&body=");
  expect(decodeURIComponent(text ?? "")).toContain(`Piano & sofa”: ${link}`);
  const mail = await dialog.getByRole("link", { name: "Email Ana Ruiz" }).getAttribute("href");
  expect(new URL(mail ?? "").searchParams.get("body")).toContain(link);

  const { links } = await server.asStaff<{ links: { expires_at: string }[] }>(
    "GET",
    `/jobs/${job_id}/links`,
  );
  const days = (Date.parse(links[0]?.expires_at ?? "") - Date.now()) / DAY_MS;
  expect(days).toBeGreaterThan(6.9);
  expect(days).toBeLessThan(7.1);

  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Make link: Customer link" })).toBeFocused();
  const customer = await openPage(link, { ...PHONE, expected: /status of 401/ });
  await expect(customer.getByRole("heading", { name: "Piano & sofa" })).toBeVisible();
  await page.reload();
  await expect(page.locator(".link-row")).toContainText("Last opened Today");

  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.locator(".link-row")).toHaveCount(1);
  await page.getByRole("button", { name: "Turn off" }).click();
  await page.locator("dialog").getByRole("button", { name: "Turn off" }).click();
  await expect(page.locator(".link-row")).toHaveCount(0);
  await expect(page.locator("#share-title"), "the focus is not lost with the row").toBeFocused();
  await expect(page.locator(".history")).toContainText("Customer link turned off");
  await customer.reload();
  await expect(customer.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
});

test("a crew link opens the capture page and says nothing of the customer's number", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Crew by QR");
  const page = await openPage(
    `${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`,
    PHONE,
  );
  await page.getByRole("button", { name: "Make link: Crew link" }).click();
  const dialog = page.getByRole("dialog", { name: "The crew link is ready" });
  const code = dialog.getByRole("img", { name: "QR code: Crew link" });
  await expect(code).toBeVisible();
  await expect(dialog.getByRole("link")).toHaveCount(0);
  const box = await dialog.boundingBox();
  expect(box?.width, "the dialog fits the phone").toBeLessThanOrEqual(390);
  const link = await dialog.getByLabel("Crew link", { exact: true }).inputValue();
  const crew = await openPage(link, PHONE);
  await expect(crew.getByRole("heading", { name: "Crew by QR" })).toBeVisible();
});

test("where the device has a share sheet of its own the link goes there", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Share sheet");
  const page = await openPage("about:blank", PHONE);
  await page.addInitScript(() => {
    const shared: ShareData[] = [];
    Object.assign(window, { shared });
    navigator.share = (data) => {
      shared.push(data ?? {});
      return Promise.reject(new DOMException("closed", "AbortError"));
    };
  });
  await page.goto(`${server.ready.api}/dashboard/jobs/${jobId}#t=${server.ready.tokens.staff}`);
  await page.getByRole("button", { name: "Make link: Customer link" }).click();
  const link = await page.getByLabel("Customer link", { exact: true }).inputValue();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const shared = await page.evaluate(() => (window as unknown as { shared: ShareData[] }).shared);
  expect(shared).toMatchObject([{ url: link }]);
});
