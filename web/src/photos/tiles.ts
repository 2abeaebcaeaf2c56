import type { Photo } from "../api/types";
import { canRetry, sentBytes, type UploadItem } from "../upload/items";

/** A square of the grid: a photo on the server, or an upload that the list does not show yet. */
export type Tile =
  | { kind: "photo"; photo: Photo; preview: string | null }
  | { kind: "upload"; item: UploadItem };

/**
 * The photos, then the uploads that are not among them yet and may still become one. A photo that came from this page keeps its preview, so
 * that it does not blink while the server's picture loads.
 */
export function tilesOf(photos: readonly Photo[], items: readonly UploadItem[]): Tile[] {
  const itemOf = new Map<string, UploadItem>();
  for (const item of items) {
    if (item.state.kind === "stored") itemOf.set(item.state.photoId, item);
  }
  const tiles: Tile[] = photos.map((photo) => {
    const preview = itemOf.get(photo.photo_id)?.preview ?? null;
    itemOf.delete(photo.photo_id);
    return { kind: "photo", photo, preview };
  });
  for (const item of items) {
    const listed = item.state.kind === "stored" && !itemOf.has(item.state.photoId);
    const hopeless = item.state.kind === "failed" && !canRetry(item.state.reason);
    if (!listed && !hopeless) tiles.push({ kind: "upload", item });
  }
  return tiles;
}

/** A tile keeps its key when its upload turns into a photo. */
export function keyOf(tile: Tile): string {
  if (tile.kind === "photo") return tile.photo.photo_id;
  return tile.item.state.kind === "stored" ? tile.item.state.photoId : tile.item.id;
}

/** How much of an upload has left the device, from 0 to 1. */
export function fractionSent(item: UploadItem): number {
  return item.size === 0 ? 0 : sentBytes(item) / item.size;
}
