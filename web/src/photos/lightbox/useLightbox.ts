import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Photo } from "../../api/types";
import { useBack } from "../../lib/useBack";
import { useWords, type Words } from "../../words";
import type { Faults } from "../../words/faults";
import { loadViewer, type ViewerModule, viewerAtHand } from "./load";
import { indexAfter, sentenceOf, type Slide, slideOf } from "./slides";
import type { Viewer } from "./viewer";

export interface Wishes {
  photos: readonly Photo[];
  /** The photo that is open: the one to begin with, then what `onShow` told. */
  photoId: string;
  /** What is said of photos with faults; without it nothing is. */
  faults?: Faults;
  onShow: (photoId: string) => void;
  onClose: () => void;
  /** A picture did not load: its address may have expired while the page lay open. Asks for a fresh list. */
  onBroken?: () => void;
}

/** What the parts of a lightbox need to know at the moment something happens. */
interface Present {
  wishes: Wishes;
  slides: readonly Slide[];
  words: Words;
  finish: () => void;
}

/** The life of a lightbox: opened with the viewer in it, kept in step with its list, closed in any of the ways. */
export function useLightbox(wishes: Wishes) {
  const { words } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const slides = useMemo(() => wishes.photos.map(slideOf), [wishes.photos]);
  const done = useRef(false);
  const stepBack = useBack(() => close());
  const finish = () => {
    if (done.current) return;
    done.current = true;
    stepBack();
    wishes.onClose();
  };
  const present = useRef<Present>({ wishes, slides, words, finish });
  present.current = { wishes, slides, words, finish };

  useModal(dialog, present);
  const { viewer, zoomed } = useViewer(dialog, present);
  const close = () => (viewer === null ? finish() : viewer.close());
  useStayInList(present, slides, viewer, close);
  return { dialog, slides, viewer, zoomed, close, finish };
}

/** The tile of a photo on the page behind. */
function tileOf(photoId: string): HTMLElement | null {
  return document.querySelector(`[data-photo-id="${CSS.escape(photoId)}"]`);
}

/** Opens the dialog; at the end the focus goes to the tile of the photo that was seen last. */
function useModal(dialog: RefObject<HTMLDialogElement | null>, present: RefObject<Present>): void {
  useEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      // What lies behind an open dialog takes no focus.
      element?.close();
      giveFocusBack(before, present);
    };
  }, [dialog, present]);
}

function giveFocusBack(before: Element | null, present: RefObject<Present>): void {
  if (!(before instanceof HTMLElement)) return;
  const fromTile = before.dataset.photoId !== undefined;
  const tile = fromTile ? tileOf(present.current.wishes.photoId) : null;
  (tile ?? before).focus();
}

/** The viewer in the dialog's stage: null until it is loaded, and where it can't be. */
function useViewer(
  dialog: RefObject<HTMLDialogElement | null>,
  present: RefObject<Present>,
): { viewer: Viewer | null; zoomed: boolean } {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  const [zoomed, setZoomed] = useState(false);
  useEffect(() => {
    let current = true;
    let open: Viewer | null = null;
    const start = (module: ViewerModule, animate: boolean) => {
      if (!current || dialog.current === null) return;
      open = openIn(dialog.current, module, animate, present, setZoomed);
      setViewer(open);
    };
    const module = viewerAtHand();
    if (module !== null) start(module, true);
    else {
      loadViewer().then(
        (late) => start(late, false),
        // Without it the photos are seen all the same, only not swiped and zoomed.
        () => undefined,
      );
    }
    return () => {
      current = false;
      open?.destroy();
    };
  }, [dialog, present]);

  const { slides, wishes } = present.current;
  useEffect(() => viewer?.update(slides), [viewer, slides]);
  useEffect(() => viewer?.show(wishes.photoId), [viewer, wishes.photoId]);
  useLayout(dialog, viewer);
  return { viewer, zoomed };
}

function openIn(
  dialog: HTMLDialogElement,
  module: ViewerModule,
  animate: boolean,
  present: RefObject<Present>,
  onZoom: (zoomed: boolean) => void,
): Viewer | null {
  const stage = dialog.querySelector<HTMLElement>(".stage");
  if (stage === null) return null;
  const { slides, wishes, words } = present.current;
  const tried = new Set<string>();
  let asked: readonly Slide[] | null = null;
  return module.openViewer({
    ...{ stage, slides, id: wishes.photoId, animate, onZoom },
    sentences: { ...words.lightbox },
    sentenceOf: (slide) => sentenceOf(slide, present.current.words, present.current.wishes.faults),
    room: () => ({
      top: dialog.querySelector("header")?.offsetHeight ?? 0,
      bottom: dialog.querySelector("footer")?.offsetHeight ?? 0,
    }),
    onShow: (id) => present.current.wishes.onShow(id),
    onBroken({ src }) {
      if (tried.has(src)) return;
      tried.add(src);
      // Neighbours expire together: one new list mends them all.
      if (asked === present.current.slides) return;
      asked = present.current.slides;
      present.current.wishes.onBroken?.();
    },
    onClosing: () => tileOf(present.current.wishes.photoId)?.scrollIntoView({ block: "nearest" }),
    onClosed: () => present.current.finish(),
  });
}

/** A footer that grows or shrinks leaves another room for the photo. */
function useLayout(dialog: RefObject<HTMLDialogElement | null>, viewer: Viewer | null): void {
  useEffect(() => {
    const footer = dialog.current?.querySelector("footer");
    if (!footer || viewer === null) return;
    const observer = new ResizeObserver(viewer.layout);
    observer.observe(footer);
    return () => observer.disconnect();
  }, [dialog, viewer]);
}

/**
 * When the open photo has left the list, the one that took its place is shown (by the viewer itself, where it is there);
 * when none is left the lightbox closes.
 */
function useStayInList(
  present: RefObject<Present>,
  slides: readonly Slide[],
  viewer: Viewer | null,
  close: () => void,
): void {
  const place = useRef(0);
  const closeLast = useRef(close);
  closeLast.current = close;
  const { photoId } = present.current.wishes;
  useEffect(() => {
    const index = slides.findIndex((slide) => slide.id === photoId);
    if (index !== -1) {
      place.current = index;
      return;
    }
    const other = slides[indexAfter(slides, photoId, place.current)];
    if (other === undefined) closeLast.current();
    else if (viewer === null) present.current.wishes.onShow(other.id);
  }, [present, slides, viewer, photoId]);
}
