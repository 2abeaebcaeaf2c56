import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { expect, expectPhotos, fileInput, PHONE, test } from "./fixtures";
import { photoNamed, SMALL } from "./photos";

/** The axe engine as one script; evaluated in the page, since the pages' policy lets no foreign script in. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds against WCAG 2.2 AA and good practice, contrast among it. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((n) => n.target.join(" ")).join()}`,
    );
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const [screen, size] of [
    ["wide screen", {}],
    ["phone", PHONE],
  ] as const) {
    test(`every page can be read and used by everyone on a ${screen} in the ${colorScheme} theme`, async ({
      server,
      openPage,
    }) => {
      const title = `Readable ${screen} ${colorScheme}`;
      const jobId = await server.addJob(title);
      const options = { ...size, colorScheme, reducedMotion: "reduce" } as const;

      const staff = await openPage(server.link("dashboard", server.ready.tokens.staff), options);
      await expect(staff.locator("a.job-row").first()).toBeVisible();
      expect(await findings(staff), "job list").toEqual([]);

      await staff.getByRole("link", { name: title }).click();
      await expect(staff.getByText("No photos yet.")).toBeVisible();
      expect(await findings(staff), "empty drawer").toEqual([]);

      const notes = { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF") };
      await fileInput(staff).setInputFiles([photoNamed("one.jpg", SMALL), notes]);
      await expectPhotos(staff, 1);
      await staff.getByRole("button", { name: "Make link: Customer link" }).click();
      const link = await staff.getByLabel("Customer link", { exact: true }).inputValue();
      expect(await findings(staff), "full drawer").toEqual([]);

      await staff.locator(".tile button[data-photo-id]").click();
      await expect(staff.locator("dialog[open]")).toBeVisible();
      expect(await findings(staff), "photo").toEqual([]);

      const customer = await openPage(link, options);
      await expectPhotos(customer, 1);
      expect(await findings(customer), "track page").toEqual([]);

      const crew = await openPage(await server.mintLink(jobId, "crew"), options);
      await expectPhotos(crew, 1);
      expect(await findings(crew), "capture page").toEqual([]);

      const gone = await openPage(server.link("track", "no-such-link"), {
        ...options,
        expected: /status of 401/,
      });
      await expect(gone.getByRole("heading", { name: "no longer works" })).toBeVisible();
      expect(await findings(gone), "ended link").toEqual([]);
    });
  }
}
