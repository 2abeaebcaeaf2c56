import { defineConfig } from "vitest/config";

/** The paths of the HTTP contract, handed on to a running `qdn serve` by `npm run dev`. */
const apiPaths = [
  "/config.json",
  "/session",
  "/jobs",
  "/customers",
  "/links",
  "/upload-url",
  "/list_photos",
];

export default defineConfig({
  appType: "mpa",
  build: {
    // Nothing may become a data: address: the pages' policy allows scripts and styles from files only.
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        dashboard: "dashboard/index.html",
        track: "track/index.html",
        capture: "capture/index.html",
      },
    },
  },
  server: {
    proxy: Object.fromEntries(apiPaths.map((path) => [path, "http://127.0.0.1:8080"])),
  },
  test: { include: ["src/**/*.test.ts"] },
});
