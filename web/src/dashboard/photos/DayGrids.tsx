import { useMemo, useRef } from "preact/hooks";
import type { Photo } from "../../api/types";
import { dayText } from "../../lib/format";
import { daysOf } from "../../photos/order";
import { PhotoGrid } from "../../photos/PhotoGrid";
import type { UploadItem } from "../../upload/items";
import { useWords } from "../../words";
import { useFaults } from "../../words/faults";

import type { Picked } from "./usePicked";

const NO_ITEMS: readonly UploadItem[] = [];

/** The photos under the day they were taken; one day needs no heading. Arrow keys move between them. */
export function DayGrids(props: {
  photos: readonly Photo[];
  items: readonly UploadItem[];
  picked: Picked;
  onOpen: (photoId: string) => void;
  onDelete: (photo: Photo) => void;
  onBroken: () => void;
}) {
  const { language } = useWords();
  const faults = useFaults();
  const { photos, items, picked } = props;
  const shift = useRef(false);
  const onOpen = (photoId: string) =>
    picked.ids === null ? props.onOpen(photoId) : picked.toggle(photoId, shift.current);
  const days = useMemo(() => daysOf(photos), [photos]);
  const shown = days.length === 0 ? [{ day: "", photos }] : days;
  const onKeyDown = (event: KeyboardEvent) => {
    const photoId = tileIdOf(event.target);
    if (photoId === null || event.metaKey || event.ctrlKey || event.altKey) return;
    const photo = photos.find(({ photo_id }) => photo_id === photoId);
    if (event.key.toLowerCase() === "x") picked.toggle(photoId, event.shiftKey);
    else if ((event.key === "Delete" || event.key === "Backspace") && photo !== undefined) {
      event.preventDefault();
      props.onDelete(photo);
    } else if (moveBetweenTiles(photoId, event.key)) event.preventDefault();
  };
  let first = 0;
  return (
    // The keys are those of the buttons within.
    <div
      class="day-grids"
      onKeyDown={onKeyDown}
      onClickCapture={(event) => {
        shift.current = event.shiftKey;
      }}
    >
      {shown.map((day, index) => {
        const isLast = index === shown.length - 1;
        const before = first;
        first += day.photos.length;
        return (
          <div key={day.photos[0]?.photo_id ?? "none"} class="day">
            {days.length > 1 && <h4>{dayText(day.day, new Date(), language)}</h4>}
            <PhotoGrid
              photos={day.photos}
              items={isLast ? items : itemsOf(day.photos, items)}
              before={before}
              total={photos.length}
              picked={picked.ids}
              faults={faults}
              onOpen={onOpen}
              onBroken={props.onBroken}
            />
          </div>
        );
      })}
    </div>
  );
}

/** Uploads that have become photos of this day: they lend their pictures until the server's are there. */
function itemsOf(photos: readonly Photo[], items: readonly UploadItem[]): readonly UploadItem[] {
  const ids = new Set(photos.map(({ photo_id }) => photo_id));
  const mine = items.filter(({ state }) => state.kind === "stored" && ids.has(state.photoId));
  return mine.length === 0 ? NO_ITEMS : mine;
}

function tileIdOf(target: EventTarget | null): string | null {
  return target instanceof HTMLElement ? (target.dataset.photoId ?? null) : null;
}

const allTiles = () => [...document.querySelectorAll<HTMLElement>(".drawer [data-photo-id]")];

/** Moves the focus as the tiles lie on the screen. True where `key` is one that moves. */
function moveBetweenTiles(photoId: string, key: string): boolean {
  const tiles = allTiles();
  const at = tiles.findIndex((tile) => tile.dataset.photoId === photoId);
  const here = tiles[at];
  if (here === undefined) return false;
  const below = (tile: HTMLElement) =>
    tile.getBoundingClientRect().left <= here.getBoundingClientRect().left + 1 &&
    tile.getBoundingClientRect().top > here.getBoundingClientRect().bottom - 1;
  const above = (tile: HTMLElement) =>
    tile.getBoundingClientRect().left <= here.getBoundingClientRect().left + 1 &&
    tile.getBoundingClientRect().bottom < here.getBoundingClientRect().top + 1;
  const targets: Record<string, () => HTMLElement | undefined> = {
    ArrowRight: () => tiles[at + 1],
    ArrowLeft: () => tiles[at - 1],
    ArrowDown: () => rightmostOfFirstRow(tiles.slice(at + 1).filter(below)),
    ArrowUp: () => tiles.slice(0, at).filter(above).at(-1),
    Home: () => tiles[0],
    End: () => tiles.at(-1),
  };
  const target = targets[key];
  if (target === undefined) return false;
  target()?.focus();
  return true;
}

/** Of tiles that lie below and not further right, the one straight below, or the last of a shorter row. */
function rightmostOfFirstRow(tiles: readonly HTMLElement[]): HTMLElement | undefined {
  const top = tiles[0]?.getBoundingClientRect().top;
  return tiles.filter((tile) => tile.getBoundingClientRect().top === top).at(-1);
}

/** Gives the focus to a photo's tile as soon as it may have it, or to the heading where there is none. */
export function focusTile(photoId: string | null): void {
  const find = () => allTiles().find((element) => element.dataset.photoId === photoId);
  const give = () => (find() ?? document.getElementById("photos-title"))?.focus();
  // Where it can be given at once the focus is without a place at no moment.
  if (photoId === null || find() !== undefined) give();
  requestAnimationFrame(give);
}
