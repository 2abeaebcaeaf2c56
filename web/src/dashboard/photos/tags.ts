import { PHASES, type Phase, type Photo } from "../../api/types";

/** A photo's tag, or that it has none. */
export type Tag = Phase | "none";

const ORDER: readonly Tag[] = [...PHASES, "none"];

export const tagOf = (photo: Photo): Tag => photo.phase ?? "none";

/** How many photos carry each tag, in the order of the work; tags without photos are not among them. */
export function tagsOf(photos: readonly Photo[]): ReadonlyMap<Tag, number> {
  const count = (tag: Tag) => photos.filter((photo) => tagOf(photo) === tag).length;
  return new Map(ORDER.map((tag) => [tag, count(tag)] as const).filter(([, many]) => many > 0));
}
