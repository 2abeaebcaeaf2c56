import type { Photo } from "../../api/types";
import type { Words } from "../../words";
import type { Faults } from "../../words/faults";
import { isUnshown } from "../unshown";

/** What a slide shows: a picture, or a sentence where there is none yet or never will be. */
export type SlideState = "picture" | "preparing" | "unshown";

/** A photo as the viewer needs it. */
export interface Slide {
  id: string;
  state: SlideState;
  /** What the server says of it, and its code for why it can't be shown. */
  status: string;
  rejection: string | null;
  /** The large copy; empty without a picture. */
  src: string;
  /** The small copy, shown until the large one is there. */
  msrc: string;
  width: number;
  height: number;
  alt: string;
}

/** The longest side of the copy that the server makes for screens, in pixels. */
const DISPLAY_SIDE = 1600;
/** Until a photo's size is known. */
const USUAL_SHAPE = { width: 1600, height: 1200 };

export function slideOf(photo: Photo): Slide {
  const unshown = isUnshown(photo);
  const src = unshown ? null : photo.display_url;
  const state = unshown ? "unshown" : src ? "picture" : "preparing";
  return {
    id: photo.photo_id,
    state,
    status: photo.status,
    rejection: photo.rejection ?? null,
    src: src ?? "",
    msrc: photo.thumb_url ?? "",
    ...shownSize(photo),
    alt: photo.caption ?? photo.name,
  };
}

/** What stands in the place of a picture; the reason only for those who are told of faults. */
export function sentenceOf(
  { state, status, rejection }: Slide,
  words: Words,
  faults: Faults | undefined,
): string {
  if (state === "preparing") return words.lightbox.preparing;
  return faults?.unshown({ status, rejection }).whole ?? words.job.noPreview;
}

/** The size of the copy for screens, in the photo's own proportions; small photos are not enlarged. */
function shownSize({ width, height }: Photo): { width: number; height: number } {
  if (!width || !height) return USUAL_SHAPE;
  const scale = Math.min(1, DISPLAY_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/**
 * True when a slide on screen must be drawn anew for `next`. A fresh address alone is no reason, since the picture is
 * there already; it is one when the old address failed.
 */
export function mustRedraw(shown: Slide, next: Slide, failed: boolean): boolean {
  if (shown.id !== next.id || shown.state !== next.state) return true;
  if (shown.rejection !== next.rejection) return true;
  return failed && shown.src !== next.src;
}

/** Where the viewer stands in a changed list: at the same photo, or at the one that took its place; -1 in an empty list. */
export function indexAfter(slides: readonly Slide[], id: string, lastIndex: number): number {
  const index = slides.findIndex((slide) => slide.id === id);
  return index === -1 ? Math.min(lastIndex, slides.length - 1) : index;
}
