import type { Plugin } from "vite";

/** Lets the HTML name what a page's first script imports later, so that both load at the same time. */
export function preloadPages(): Plugin {
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
