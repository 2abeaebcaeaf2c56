import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Photo } from "../../api/types";

/** Which photos are picked, to do one thing with all of them. */
export interface Picked {
  /** Null while nobody picks. */
  ids: ReadonlySet<string> | null;
  /** In the order they are shown; photos that are gone are not among them. */
  photos: readonly Photo[];
  begin: () => void;
  end: () => void;
  all: () => void;
  /** Picks a photo or lets it go; `range` picks all from the one before to it. */
  toggle: (photoId: string, range: boolean) => void;
}

export function usePicked(shown: readonly Photo[]): Picked {
  const [ids, setIds] = useState<ReadonlySet<string> | null>(null);
  const last = useRef<string | null>(null);
  const end = () => setIds(null);
  useEndWithEscape(ids !== null, end);
  const photos = useMemo(() => shown.filter((photo) => ids?.has(photo.photo_id)), [shown, ids]);
  return {
    ids,
    photos,
    begin: () => setIds(new Set()),
    end,
    all: () => setIds(new Set(shown.map((photo) => photo.photo_id))),
    toggle(photoId, range) {
      const order = shown.map((photo) => photo.photo_id);
      setIds((old) => picked(old ?? new Set(), order, photoId, range ? last.current : null));
      last.current = photoId;
    },
  };
}

/** The set with one more or one less, or with all from `from` to `photoId`. Pure. */
export function picked(
  ids: ReadonlySet<string>,
  order: readonly string[],
  photoId: string,
  from: string | null,
): ReadonlySet<string> {
  const next = new Set(ids);
  const [a, b] = [from === null ? -1 : order.indexOf(from), order.indexOf(photoId)];
  if (a >= 0) for (const id of order.slice(Math.min(a, b), Math.max(a, b) + 1)) next.add(id);
  else if (!next.delete(photoId)) next.add(photoId);
  return next;
}

/** Escape ends the picking before it closes anything. */
function useEndWithEscape(active: boolean, end: () => void): void {
  const latest = useRef(end);
  latest.current = end;
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, [active]);
}
