import type { PhotoQueue, QueueItem } from "../queue/photoQueue";

/**
 * Hands copies of photos to the phone: to its share sheet, where that takes files, otherwise as downloads. The photos
 * stay in the queue.
 */
export async function saveCopies(queue: PhotoQueue, items: readonly QueueItem[]): Promise<void> {
  const found = await Promise.all(items.map(({ id }) => queue.file(id)));
  const files = found.filter((file) => file !== null);
  if (files.length === 0) return;
  if (navigator.canShare?.({ files })) {
    // Rejects when the driver closes the sheet, which is an answer too.
    await navigator.share({ files }).catch(() => undefined);
    return;
  }
  for (const file of files) download(file);
}

function download(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  // The browser reads the file after this task.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
