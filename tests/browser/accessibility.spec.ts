import type { Page } from "@playwright/test";
import { findings } from "./axe";
import { expect, expectPhotos, fileInput, openPicture, PHONE, photosIn, test } from "./fixtures";
import { photoNamed, SMALL } from "./photos";
import { addPhotos } from "./seed";

/** Goes through the states of the dashboard, with findings in none; the customer link made on the way. */
async function lookAtDashboard(staff: Page, title: string): Promise<string> {
  const look = async (state: string) => expect(await findings(staff), state).toEqual([]);
  await look("job list");
  await staff.getByRole("searchbox").fill("nothing is called so");
  await expect(staff.getByText("Nothing matches")).toBeVisible();
  await look("nothing found");
  await staff.getByRole("button", { name: "Clear search" }).click();
  await expect(staff.getByRole("searchbox")).toBeFocused();
  await staff.getByRole("button", { name: "New job" }).click();
  await staff.getByRole("button", { name: "Add job" }).click();
  await look("new job with what is missing");
  await staff.keyboard.press("Escape");

  await staff.getByRole("link", { name: title }).click();
  await expect(staff.getByText("No photos yet.")).toBeVisible();
  await look("empty drawer");

  const notes = { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF") };
  await fileInput(staff).setInputFiles([photoNamed("one.jpg", SMALL), notes]);
  await fileInput(staff).setInputFiles(photoNamed("two.jpg", SMALL));
  await expectPhotos(staff, 2);
  await staff.getByRole("button", { name: "Edit job" }).click();
  await look("edit");
  await staff.keyboard.press("Escape");
  await staff.getByRole("button", { name: "Make link: Customer link" }).click();
  const link = await staff.getByLabel("Customer link", { exact: true }).inputValue();
  await look("share");
  await staff.keyboard.press("Escape");
  await staff.getByRole("button", { name: "Turn off" }).click();
  await look("question");
  await staff.keyboard.press("Escape");
  await look("full drawer");

  await staff.locator(".tile button[data-photo-id]").first().click();
  await expect(staff.locator("dialog[open] .photo-tools")).toBeVisible();
  await staff.getByRole("button", { name: "Issue", exact: true }).click();
  await staff.getByRole("button", { name: "Hide from the customer" }).click();
  await staff.getByLabel("Caption").fill("Seen by all");
  await staff.getByLabel("Caption").press("Enter");
  await expect(staff.getByText("Saved", { exact: true })).toBeVisible();
  await look("photo with its tools");
  await staff.getByRole("button", { name: "Next photo" }).click();
  await staff.getByRole("button", { name: "Delete photo" }).click();
  await expect(staff.locator(".lightbox .undo-note")).toBeVisible();
  await look("photo after a deletion");
  await staff.keyboard.press("Escape");
  await expect(staff.locator("dialog[open]")).toHaveCount(0);
  await look("drawer after a deletion");
  await staff.getByRole("button", { name: "Undo" }).click();
  await expectPhotos(staff, 2);
  await look("hidden and tagged photos");
  await staff.getByRole("button", { name: "Select", exact: true }).click();
  await staff.locator(".tile button[data-photo-id]").first().click();
  await look("picked photos");
  await staff.keyboard.press("Escape");
  await staff.locator("#photos-title").press("?");
  await expect(staff.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await look("keys");
  await staff.keyboard.press("Escape");
  await staff.locator(".tile button[data-photo-id]").first().click();
  await staff.getByRole("button", { name: "Hide from the customer" }).click();
  await staff.keyboard.press("Escape");
  await expect(staff.locator("dialog[open]")).toHaveCount(0);
  return link;
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
      const link = await lookAtDashboard(staff, title);

      await addPhotos(server, jobId, [
        { file: SMALL, phase: "before", caption: "Garage" },
        { file: SMALL, phase: "after", caption: "Garage" },
        { file: SMALL, phase: "before", caption: "Attic" },
        { file: SMALL, phase: "after", caption: "Attic" },
      ]);
      const customer = await openPage(link, options);
      await expectPhotos(customer, 6);
      await expect(customer.getByRole("slider")).toBeVisible();
      expect(await findings(customer), "track page").toEqual([]);
      await photosIn(customer).first().click();
      await expect(openPicture(customer)).toBeVisible();
      expect(await findings(customer), "customer's photo").toEqual([]);

      const crew = await openPage(await server.mintLink(jobId, "crew"), options);
      await expectPhotos(crew, 6);
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
