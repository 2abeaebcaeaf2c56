import { defineConfig } from "@playwright/test";

/** Debian's Chromium by default; QDN_CHROMIUM names another. Nothing is downloaded. */
const executablePath = process.env.QDN_CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testMatch: "*.spec.ts",
  // Each worker has a server and a browser of its own.
  workers: 1,
  // For machines several times slower than one would like: only what fails waits so long.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  retries: 0,
  reporter: "list",
  use: {
    locale: "en-US",
    viewport: { width: 1440, height: 900 },
    trace: "off",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
