import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";

/**
 * Builds the service worker of a page after the pages themselves, into one file beside the page's index, and tells it
 * which files the page needs to open without a network.
 */
export function serviceWorker(options: { page: string; entry: string; scope: string }): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      if (dir === undefined) throw new Error("the pages are built into a folder");
      const files = [...filesOf(options.page, bundle)].map((name) => ({
        url: `/${name}`,
        // Their names carry the hash of their content.
        revision: null as string | null,
      }));
      const index = await readFile(join(dir, options.page, "index.html"));
      const revision = createHash("sha256").update(index).digest("hex").slice(0, 16);
      files.push({ url: options.scope, revision });
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        define: {
          PAGE_FILES: JSON.stringify(files),
          "process.env.NODE_ENV": JSON.stringify("production"),
        },
        build: {
          outDir: join(dir, options.page),
          emptyOutDir: false,
          copyPublicDir: false,
          rolldownOptions: {
            input: options.entry,
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
  };
}

/** The scripts and styles of a page, with all that they import, now or later. */
function filesOf(page: string, bundle: Rolldown.OutputBundle): Set<string> {
  const files = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (chunk === undefined || files.has(name)) return;
    files.add(name);
    if (chunk.type !== "chunk") return;
    for (const style of chunk.viteMetadata?.importedCss ?? []) add(style);
    for (const asset of chunk.viteMetadata?.importedAssets ?? []) add(asset);
    for (const other of [...chunk.imports, ...chunk.dynamicImports]) add(other);
  };
  for (const chunk of Object.values(bundle)) {
    if (chunk.type === "chunk" && chunk.isEntry && chunk.name === page) add(chunk.fileName);
  }
  if (files.size === 0) throw new Error(`no files of the page ${page}`);
  return files;
}
