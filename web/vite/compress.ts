import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What compression makes smaller; pictures are compressed already. */
const TEXTS = /\.(js|css|html|svg|webmanifest)$/;
/** Smaller files fit into one packet as they are. */
const BYTES_MIN = 1_000;

/** Puts a compressed copy beside each text of the build, once, so that the server compresses nothing. */
export function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    enforce: "post",
    writeBundle: {
      // Behind the service worker's, which writes files too.
      order: "post",
      sequential: true,
      async handler({ dir }) {
        if (dir === undefined) throw new Error("the pages are built into a folder");
        const entries = await readdir(dir, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile() && TEXTS.test(entry.name));
        for (const file of files) {
          const path = join(file.parentPath, file.name);
          const text = await readFile(path);
          if (text.length < BYTES_MIN) continue;
          await writeFile(`${path}.br`, brotliCompressSync(text));
          await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
        }
      },
    },
  };
}
