import { useMemo, useState } from "preact/hooks";
import type { Photo } from "../../api/types";
import { useWords } from "../../words";
import { type Tag, tagOf, tagsOf } from "./tags";

/** Which photos are shown: those of one tag, null for all. */
export interface TagFilter {
  tag: Tag | null;
  show: (tag: Tag | null) => void;
  tags: ReadonlyMap<Tag, number>;
}

/** The choice of a tag, and the photos it shows. One that is open stays until it is closed, whatever its tag is by then. */
export function useTagFilter(
  photos: readonly Photo[],
  openId: string | null,
): TagFilter & { shown: readonly Photo[] } {
  const [wanted, show] = useState<Tag | null>(null);
  const tags = useMemo(() => tagsOf(photos), [photos]);
  // A tag whose last photo is gone would leave an empty grid.
  const tag = wanted !== null && tags.has(wanted) ? wanted : null;
  const shown = useMemo(() => {
    if (tag === null) return photos;
    return photos.filter((photo) => tagOf(photo) === tag || photo.photo_id === openId);
  }, [photos, tag, openId]);
  return { tag, show, tags, shown };
}

/** A choice between the tags that there are; nothing where all photos have the same. */
export function TagFilterBar({ filter, total }: { filter: TagFilter; total: number }) {
  const { words } = useWords();
  if (filter.tags.size < 2) return null;
  const nameOf = (tag: Tag) => (tag === "none" ? words.photoTools.noTag : words.phase[tag]);
  const choice = (tag: Tag | null, name: string, count: number) => (
    <button
      key={name}
      type="button"
      class="filter"
      aria-pressed={filter.tag === tag}
      onClick={() => filter.show(tag)}
    >
      {name} <span class="soft">{count}</span>
    </button>
  );
  return (
    <div class="filters tag-filter" role="group" aria-label={words.job.byTag}>
      {choice(null, words.job.allTags, total)}
      {[...filter.tags].map(([tag, count]) => choice(tag, nameOf(tag), count))}
    </div>
  );
}
