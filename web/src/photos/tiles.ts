import type { Photo } from "../api/types";
import { canRetry, sentBytes, type UploadItem } from "../upload/items";

/** A square of the grid: a photo on the server, or an upload that the list does not show yet. */
export type Tile =
  { kind: "photo"; photo: Photo; preview: string | null } | { kind: "upload"; item: UploadItem };

/**
 * The photos, then the uploads that no list has shown yet and that may still become a photo. A photo that came from
 * this page keeps its preview, so that it does not blink while the server's picture loads.
 */
export function tilesOf(photos: readonly Photo[], items: readonly UploadItem[]): Tile[] {
  const previewOf = new Map<string, string | null>();
  for (const { state, preview } of items) {
    if (state.kind === "stored") previewOf.set(state.photoId, preview);
  }
  const shown = new Set(photos.map((photo) => photo.photo_id));
  return [
    ...photos.map((photo): Tile => {
      return { kind: "photo", photo, preview: previewOf.get(photo.photo_id) ?? null };
    }),
    ...items
      .filter((item) => isOwnTile(item, shown))
      .map((item): Tile => ({ kind: "upload", item })),
  ];
}

function isOwnTile({ state }: UploadItem, shown: ReadonlySet<string>): boolean {
  if (state.kind === "stored") return !state.listed && !shown.has(state.photoId);
  return state.kind !== "failed" || canRetry(state.reason);
}

/** How many photos are known to be safe: those listed, and those acknowledged since. */
export function safeCount(photos: readonly Photo[], items: readonly UploadItem[]): number {
  return tilesOf(photos, items).filter(
    (tile) => tile.kind === "photo" || tile.item.state.kind === "stored",
  ).length;
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
