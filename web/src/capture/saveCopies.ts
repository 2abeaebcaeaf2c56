import type { PhotoQueue, QueueItem } from "../queue/photoQueue";

/** More than this is too much for a phone's memory, and for its share sheet. */
const SHARED_BYTES_MAX = 60_000_000;
/** Browsers take downloads one after another. */
const BETWEEN_DOWNLOADS_MS = 300;

/**
 * Hands copies of photos to the phone: to its share sheet, where that takes files, otherwise as downloads. The photos
 * stay in the queue.
 */
export async function saveCopies(queue: PhotoQueue, items: readonly QueueItem[]): Promise<void> {
  const bytes = items.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= SHARED_BYTES_MAX && "canShare" in navigator && (await share(queue, items))) return;
  for (const { id } of items) {
    const file = await queue.file(id);
    if (file === null) continue;
    download(file);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS_MS));
  }
}

/** True when the driver has seen the share sheet, whatever they did there. */
async function share(queue: PhotoQueue, items: readonly QueueItem[]): Promise<boolean> {
  const found = await Promise.all(items.map(({ id }) => queue.file(id)));
  const files = found.filter((file) => file !== null);
  if (!navigator.canShare({ files })) return false;
  try {
    await navigator.share({ files });
    return true;
  } catch (error) {
    // Closing the sheet is an answer; that reading took too long for the phone is none.
    return error instanceof DOMException && error.name === "AbortError";
  }
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
