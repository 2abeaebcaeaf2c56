import type { Phase, Photo } from "../api/types";
import { daysOf, inOrderOfCapture } from "../photos/order";
import { isUnshown } from "../photos/unshown";

/** A part of the gallery under a heading of its own. */
export type Group = { photos: readonly Photo[] } & (
  { kind: "all" } | { kind: "day"; day: string } | { kind: "phase"; phase: Phase | null }
);

/** The order in which a job is told. */
const STORY: readonly (Phase | null)[] = ["before", "during", "after", "issue", null];

/**
 * The gallery in parts that tell the job: its days when it took several, its phases when the photos are tagged,
 * otherwise everything as one. `photos` are in order of capture.
 */
export function groupsOf(photos: readonly Photo[]): Group[] {
  const days = daysOf(photos);
  if (days.length > 1) return days.map((day) => ({ kind: "day", ...day }));
  if (new Set(photos.map(({ phase }) => phase)).size < 2) return [{ kind: "all", photos }];
  return STORY.map((phase): Group => ({
    kind: "phase",
    phase,
    photos: photos.filter((photo) => photo.phase === phase),
  })).filter((group) => group.photos.length > 0);
}

/** The same place before and after. */
export interface Pair {
  before: Photo;
  after: Photo;
  /** What the crew wrote under both. */
  caption: string | null;
}

const PAIRS_MAX = 6;

/**
 * What can be compared: photos under one caption, the first before with the last after; where no caption is shared,
 * the job's first before with its last after. `photos` are in order of capture.
 */
export function pairsOf(photos: readonly Photo[]): Pair[] {
  const seen = photos.filter((photo) => !isUnshown(photo) && photo.thumb_url);
  const befores = seen.filter(({ phase }) => phase === "before");
  const afters = seen.filter(({ phase }) => phase === "after").reverse();
  const pairs: Pair[] = [];
  const told = new Set<string>();
  for (const before of befores) {
    const caption = captionOf(before);
    const after = afters.find((photo) => captionOf(photo) === caption);
    if (caption === "" || told.has(caption) || after === undefined) continue;
    told.add(caption);
    pairs.push({ before, after, caption: before.caption ?? null });
  }
  if (pairs.length > 0) return pairs.slice(0, PAIRS_MAX);
  const [before, after] = [befores[0], afters[0]];
  return before === undefined || after === undefined ? [] : [{ before, after, caption: null }];
}

/** The pictures of the first row of a phone, and of a wide screen. */
export const firstCount = () => (matchMedia("(min-width: 640px)").matches ? 6 : 2);

/** The small copies that are on the first screen: the two that are compared, otherwise the first tiles. */
export function firstPictures(photos: readonly Photo[], count = firstCount()): string[] {
  const byTime = inOrderOfCapture(photos);
  const [pair] = pairsOf(byTime);
  const first =
    pair === undefined
      ? groupsOf(byTime)
          .flatMap((group) => group.photos)
          .slice(0, count)
      : [pair.before, pair.after];
  return first.flatMap(({ status, thumb_url: url }) =>
    url && !isUnshown({ status }) ? [url] : [],
  );
}

const captionOf = (photo: Photo) => photo.caption?.trim().toLowerCase() ?? "";

const TALLEST = 3 / 4;
const WIDEST = 16 / 9;

/** The proportions of a frame that cuts as little as can be from both photos. */
export function frameRatio({ before, after }: Pair): number {
  const ratio = ({ width, height }: Photo) => (width && height ? width / height : 4 / 3);
  return Math.min(WIDEST, Math.max(TALLEST, Math.sqrt(ratio(before) * ratio(after))));
}
