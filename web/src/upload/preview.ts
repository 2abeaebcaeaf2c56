/** Width and height of a preview in pixels: a tile on a dense screen. */
const SIDE_PX = 320;

/**
 * A small picture of a photo that is still on this device, as JPEG; null where this browser can't decode it (HEIC
 * outside Safari). Showing the files themselves would hold a 12-megapixel bitmap for each tile.
 */
export async function makePreview(file: Blob): Promise<Blob | null> {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: SIDE_PX, resizeQuality: "medium" });
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
  } catch {
    return null;
  }
}
