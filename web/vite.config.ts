import { defineConfig } from "vitest/config";
import { compress } from "./vite/compress.ts";
import { preloadPages } from "./vite/preloadPages.ts";
import { serviceWorker } from "./vite/serviceWorker.ts";

export default defineConfig({
  appType: "mpa",
  plugins: [
    preloadPages(),
    serviceWorker({ page: "capture", entry: "src/worker/worker.ts", scope: "/capture/" }),
    compress(),
  ],
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
  test: { include: ["src/**/*.test.ts"] },
});
