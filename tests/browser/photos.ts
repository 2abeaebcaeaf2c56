import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Two real photos with EXIF, of about 730 and 105 kB, from the npm package jpeg-exif. */
const folder = join(
  dirname(createRequire(import.meta.url).resolve("jpeg-exif/package.json")),
  "test",
);

export const BIG = join(folder, "IMG_0001.JPG");
export const SMALL = join(folder, "IMG_0003.JPG");

export const sizeOf = (file: string): number => statSync(file).size;

/** A photo under another name, as `setInputFiles` takes it. */
export function photoNamed(
  name: string,
  file: string,
): { name: string; mimeType: string; buffer: Buffer } {
  return { name, mimeType: "image/jpeg", buffer: readFileSync(file) };
}

/** A photo made for the tests of the processor. */
export const fixture = (name: string): string =>
  join(import.meta.dirname, "../../crates/photo/fixtures/files", name);

/** The same picture as cameras store it that were held in each of the eight ways that EXIF knows. */
export const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => fixture(`orientation-${n}.jpg`));
