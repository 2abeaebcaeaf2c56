import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, expect, type Page } from "@playwright/test";
import { PHONE } from "./fixtures";
import config from "./playwright.config";
import { SMALL } from "./photos";

const launch = config.use?.launchOptions;

/** A phone: a browser whose profile outlives it. */
export class Phone {
  private context: BrowserContext | null = null;

  private constructor(private readonly profile: string) {}

  static async buy(): Promise<Phone> {
    return new Phone(await mkdtemp(join(tmpdir(), "qdn-phone-")));
  }

  /** Starts the browser; `settings` are more flags of its command line. */
  async start(...settings: string[]): Promise<BrowserContext> {
    this.context = await chromium.launchPersistentContext(this.profile, {
      ...launch,
      ...PHONE,
      locale: "en-US",
      args: [...(launch?.args ?? []), ...settings],
    });
    return this.context;
  }

  /** Ends the browser as an empty battery does. */
  async crash(): Promise<void> {
    const gone = new Promise((resolve) => this.context?.once("close", resolve));
    // The whole family, so that nothing is written after the end.
    execFileSync("pkill", ["-KILL", "-f", this.profile]);
    await gone;
    this.context = null;
  }

  async throwAway(): Promise<void> {
    await this.context?.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
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
