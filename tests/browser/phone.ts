import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  expect,
  type Page,
} from "@playwright/test";
import { PHONE } from "./fixtures";
import config from "./playwright.config";
import { SMALL } from "./photos";
import type { Server } from "./server";

const launch = config.use?.launchOptions;
/** How long a browser may take to close. */
const CLOSE_MS_MAX = 20_000;

/** A phone: a browser whose profile outlives it. */
export class Phone {
  private context: BrowserContext | null = null;

  private constructor(
    private readonly folder: string,
    private readonly diskMib: number | null,
    private readonly options: BrowserContextOptions = {},
  ) {}

  /** `diskMib`: the profile lies on a disk of that size, which lasts as long as the browser. */
  static async buy(
    diskMib: number | null = null,
    options: BrowserContextOptions = {},
  ): Promise<Phone> {
    return new Phone(await mkdtemp(join(tmpdir(), "qdn-phone-")), diskMib, options);
  }

  /** A phone whose profile lies in a folder that somebody else keeps. */
  static inFolder(folder: string): Phone {
    return new Phone(folder, null);
  }

  private get profile(): string {
    return join(this.folder, "profile");
  }

  /** Starts the browser; `settings` are more flags of its command line. */
  async start(...settings: string[]): Promise<BrowserContext> {
    this.context = await chromium.launchPersistentContext(this.profile, {
      ...launch,
      ...PHONE,
      ...(this.diskMib === null ? {} : { executablePath: await this.onSmallDisk(this.diskMib) }),
      locale: "en-US",
      ...this.options,
      args: [...(launch?.args ?? []), ...settings],
    });
    return this.context;
  }

  /** A browser in a mount namespace of its own, where the profile is a small memory disk. */
  private async onSmallDisk(mib: number): Promise<string> {
    const script = join(this.folder, "browser.sh");
    const mount = `mount -t tmpfs -o size=${mib}m tmpfs "${this.profile}"`;
    await writeFile(
      script,
      `#!/bin/sh\nmkdir -p "${this.profile}"\nexec unshare -rm sh -c '${mount} && exec ${launch?.executablePath} "$@"' sh "$@"\n`,
      { mode: 0o755 },
    );
    return script;
  }

  /** Leaves no byte free on the small disk. */
  fillDisk(): void {
    const [pid] = execFileSync("pgrep", ["-f", `user-data-dir=${this.profile}`])
      .toString()
      .split("\n");
    const filler = openSync(`/proc/${pid}/root${this.profile}/filler`, "w");
    const block = Buffer.alloc(4_096);
    try {
      for (;;) writeSync(filler, block);
    } catch (error) {
      expect(String(error)).toContain("ENOSPC");
    } finally {
      closeSync(filler);
    }
  }

  /** Ends the browser as an empty battery does. */
  async crash(): Promise<void> {
    const gone = new Promise((resolve) => this.context?.once("close", resolve));
    // The whole family, so that nothing is written after the end.
    execFileSync("pkill", ["-KILL", "-f", this.profile]);
    await gone;
    this.context = null;
  }

  /** Closes the browser as a person does. One that does not close, as on a full disk, is killed. */
  async close(): Promise<void> {
    const { context } = this;
    if (context === null) return;
    const timeout = new Promise<"late">((resolve) => setTimeout(resolve, CLOSE_MS_MAX, "late"));
    const closed = await Promise.race([context.close(), timeout]);
    if (closed === "late") await this.crash();
    this.context = null;
  }

  async throwAway(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits until the page would open without a network. */
export async function worksOffline(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null))
    .toBe(true);
}

/** `count` photos of different bytes and one name, as a phone's camera names them. */
export async function manyPhotos(
  count: number,
): Promise<{ name: string; mimeType: string; buffer: Buffer }[]> {
  const jpeg = await readFile(SMALL);
  return Array.from({ length: count }, (_, number) => ({
    name: "image.jpg",
    mimeType: "image/jpeg",
    // Behind the picture's end: other bytes, the same picture.
    buffer: Buffer.concat([jpeg, Buffer.from(`photo ${number}`)]),
  }));
}

/** The truth as the page tells it. */
export const truth = (page: Page) => page.locator(".truth");

/**
 * Shares files with the capture page as the phone's gallery does. Headless Chromium has no share sheet. A form in a blank
 * page that the browser itself opened is as near as a test gets: like the launch of a share target it has no client and
 * the `Origin` "null"; only `Sec-Fetch-Site`, which a service worker does not see, is not that of a launch ("none").
 */
export async function shareFiles(
  page: Page,
  server: Server,
  files: { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  await page.setContent(`<form method="post" enctype="multipart/form-data"
    action="${server.ready.api}/capture/share"><input type="file" name="photos" multiple /><button>Share</button></form>`);
  await page.locator("input").setInputFiles(files);
  await page.getByRole("button", { name: "Share" }).click();
}
