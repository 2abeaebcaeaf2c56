import { expect, expectPhotos, fileInput, PHONE, test } from "./fixtures";
import { BIG, photoNamed, SMALL } from "./photos";

test("a photo goes from the camera to the server with its tag, and the page says so", async ({
  server,
  openPage,
}) => {
  const jobId = await server.addJob("Shed demolition");
  const page = await openPage(await server.mintLink(jobId, "crew"), PHONE);
  await expect(page.getByText("No photos yet")).toBeVisible();
  await page.getByRole("button", { name: "Before" }).click();
  const camera = page.locator("input[type=file][capture=environment]");
  await camera.setInputFiles(photoNamed("image.jpg", BIG));
  await expect(page.getByText("1 photo safe on the server")).toBeVisible();
  await expectPhotos(page, 1);
  await expect(page.locator(".tile .chip")).toHaveText("Before");
  expect(await server.listPhotos(jobId)).toHaveLength(1);
});
