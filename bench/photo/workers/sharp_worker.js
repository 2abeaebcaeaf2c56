// sharp in a node process that stays, two ways; the second argument names one. The protocol is worker.py's.

import { createInterface } from "node:readline";
import { readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";

const [folder, way] = process.argv.slice(2);
const [THUMB, DISPLAY, QUALITY] = [320, 1600, 80];
const JPEG = { quality: QUALITY, chromaSubsampling: "4:2:0", optimiseCoding: true, mozjpeg: false };

const fitted = (image, side) =>
  image.resize(side, side, { fit: "inside", withoutEnlargement: true }).toColourspace("srgb");

/** The file is read by a pipeline per rendition. */
async function clones(bytes) {
  const image = sharp(bytes).autoOrient();
  return Promise.all([THUMB, DISPLAY].map((side) => fitted(image.clone(), side).jpeg(JPEG).toBuffer()));
}

/** The file is read once; both are made of the pixels of `display`. */
async function once(bytes) {
  const { data, info } = await fitted(sharp(bytes).autoOrient(), DISPLAY).raw().toBuffer({ resolveWithObject: true });
  const display = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  const thumb = fitted(display.clone(), THUMB);
  return [await thumb.jpeg(JPEG).toBuffer(), await display.jpeg(JPEG).toBuffer()];
}

const [render, words] = {
  clones: [clones, "a clone of the pipeline per rendition"],
  once: [once, "`display` as raw pixels, encoded, and `thumb` from the same pixels"],
}[way];

sharp.cache(false);
sharp.concurrency(Number(process.env.VIPS_CONCURRENCY));
const say = (answer) => console.log(JSON.stringify(answer));
say({
  settings:
    `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}: ${words}; autoOrient, toColourspace srgb, ` +
    `no metadata; jpeg quality ${QUALITY}, 4:2:0, optimiseCoding, no mozjpeg; no cache`,
});
for await (const path of createInterface({ input: process.stdin })) {
  try {
    const [thumb, display] = await render(await readFile(path));
    await writeFile(`${folder}/thumb.jpg`, thumb);
    await writeFile(`${folder}/display.jpg`, display);
    say({});
  } catch (error) {
    say({ error: error.message.split("\n")[0] });
  }
}
