import type { Photo } from "../api/types";

/** When the shutter fell, or where the camera did not say, when the photo came. */
export function shownAt(photo: Photo): string {
  return photo.taken_at ?? photo.uploaded_at;
}

/** The photos as they were taken, the newest last; those of the same moment stay in the order they came. */
export function inOrderOfCapture(photos: readonly Photo[]): Photo[] {
  const at = new Map(photos.map((photo) => [photo, Date.parse(shownAt(photo))]));
  return [...photos].sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
}

/** Photos that were taken on one day of the wall calendar; `day` is a moment of it. */
export interface Day {
  day: string;
  photos: readonly Photo[];
}

/** Photos in order of capture, cut where a new day begins. */
export function daysOf(photos: readonly Photo[]): Day[] {
  const days: { day: string; photos: Photo[] }[] = [];
  for (const photo of photos) {
    const day = shownAt(photo);
    const last = days.at(-1);
    if (last !== undefined && sameDay(last.day, day)) last.photos.push(photo);
    else days.push({ day, photos: [photo] });
  }
  return days;
}

function sameDay(a: string, b: string): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
