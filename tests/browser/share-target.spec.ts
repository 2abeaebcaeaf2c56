import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";
import { manyPhotos, Phone, shareFiles, truth, worksOffline } from "./phone";
import { Server } from "./server";

/** A web server of another origin, whose pages are made by the test. */
class OtherSite {
  private constructor(
    private readonly http: HttpServer,
    readonly port: number,
  ) {}

  static async start(html: string, headers: Record<string, string>): Promise<OtherSite> {
    const http = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html", ...headers }).end(html);
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new OtherSite(http, (http.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

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

/** A page that puts a photo into a form of the capture page's share target and submits it by itself. */
async function attackPage(action: string): Promise<string> {
  const [photo] = await manyPhotos(1);
  return `<form method="post" enctype="multipart/form-data" action="${action}">
    <input type="file" name="photos"></form><script>
    const bytes = Uint8Array.from(atob("${photo?.buffer.toString("base64")}"), (c) => c.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "planted.jpg", { type: "image/jpeg" }));
    document.querySelector("input").files = files.files;
    document.forms[0].submit();</script>`;
}

/** The records of photos in the phone's store. */
const storedPhotos = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("qdn-phone");
        opening.onerror = () => reject(new Error("the store does not open"));
        opening.onsuccess = () => {
          const counting = opening.result.transaction("photos").objectStore("photos").count();
          counting.onsuccess = () => resolve(counting.result);
        };
      }),
  );

async function openJob(server: Server, phone: Phone, title: string) {
  const jobId = await server.addJob(title);
  const context: BrowserContext = await phone.start();
  const page = await context.newPage();
  await page.goto(await server.mintLink(jobId, "crew"));
  await worksOffline(page);
  return { jobId, context, page };
}

const SITES: [string, string, Record<string, string>][] = [
  ["another site", "attacker.localhost", {}],
  [
    "another site that sends no referrer",
    "attacker.localhost",
    { "referrer-policy": "no-referrer" },
  ],
  ["another port of the same host", "127.0.0.1", {}],
];

for (const [what, host, headers] of SITES) {
  test(`a form that ${what} submits puts no photo into a job`, async ({ server, phone }) => {
    const { jobId, context, page } = await openJob(server, phone, "Planted photo");
    const site = await OtherSite.start(
      await attackPage(`${server.ready.api}/capture/share`),
      headers,
    );
    const other = await context.newPage();
    const answered = other.waitForEvent("response", (r) => r.url().endsWith("/capture/share"));
    await other.goto(`http://${host}:${site.port}/`).catch(() => undefined);
    await answered;
    await other.waitForURL(/\/capture\/(\?|$)/);
    expect(await storedPhotos(page), "photos in the phone's store").toBe(0);
    // As long as it took on the code of before.
    await page.waitForTimeout(8_000);
    expect(await storedPhotos(page)).toBe(0);
    expect(await server.listPhotos(jobId)).toEqual([]);
    expect(other.url(), "nothing is said of it").not.toContain("?");
    await site.stop();
  });
}

test("a link of another site can't say that shared photos were missed", async ({
  server,
  phone,
}) => {
  const { context } = await openJob(server, phone, "Said by a link");
  const other = await context.newPage();
  for (const query of ["shared=missed", "shared=0&missed=7"]) {
    await other.goto("about:blank");
    await other.goto(`${server.ready.api}/capture/?${query}`);
    await expect(truth(other)).toHaveText("No photos yet");
    await expect(other.locator("body")).not.toContainText("still in your gallery");
  }
});

test("what the gallery shares waits for a tap, also where only one job can be meant", async ({
  server,
  phone,
}) => {
  const { jobId, context } = await openJob(server, phone, "Only job");
  const gallery = await context.newPage();
  await shareFiles(gallery, server, await manyPhotos(2));
  await expect(truth(gallery)).toHaveText("2 only on this phone, without a job yet");
  await gallery.waitForTimeout(8_000);
  expect(await server.listPhotos(jobId), "before the tap").toEqual([]);
  await gallery.getByRole("button", { name: "Add to Only job" }).click();
  await expect(truth(gallery)).toHaveText("All 2 safe on the server");
  expect(await server.listPhotos(jobId)).toHaveLength(2);
});
