/** Width and height of a preview in pixels: a tile on a dense screen. */
const SIDE_PX = 320;

/**
 * A small picture of a photo that is still on this device, as an object URL; null where this browser can't decode
 * it (HEIC outside Safari). Showing the files themselves would hold a 12-megapixel bitmap for each tile.
 */
export async function makePreview(file: File): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: SIDE_PX, resizeQuality: "medium" });
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    const blob = await new Promise<Blob | null>((resolve) =>
      canvas.toBlob(resolve, "image/jpeg", 0.8),
    );
    return blob === null ? null : URL.createObjectURL(blob);
  } catch {
    return null;
  }
}
