import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Lets the HTML name what a page's first script imports later, so that both load at the same time. */
function preloadPages(): Plugin {
  return {
    name: "preload-pages",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle, chunk }) {
        const files = new Set<string>();
        const add = (name: string) => {
          const found = bundle?.[name];
          if (found?.type !== "chunk" || files.has(name) || found === chunk) return;
          files.add(name);
          found.imports.forEach(add);
        };
        chunk?.dynamicImports.forEach(add);
        return [...files].map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
          injectTo: "head",
        }));
      },
    },
  };
}

export default defineConfig({
  appType: "mpa",
  plugins: [preloadPages()],
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
