import PhotoSwipe, { type SlideData } from "photoswipe";
import "photoswipe/style.css";
import { indexAfter, mustRedraw, type Slide } from "./slides";

/** The photos on the whole screen, as the lightbox steers them. */
export interface Viewer {
  /** Another list, of which the open photo may have a new place, a new state or none. */
  update(slides: readonly Slide[]): void;
  step(by: number): void;
  /** Goes to a photo that the page asks for, as when it is brought back; nothing for one that the page was told of. */
  show(id: string): void;
  toggleZoom(): void;
  /** The room between header and footer has changed. */
  layout(): void;
  close(): void;
  destroy(): void;
}

export interface ViewerOptions {
  stage: HTMLElement;
  slides: readonly Slide[];
  id: string;
  /** From the tile that was pressed; false where the lightbox stands already. */
  animate: boolean;
  sentences: { broken: string; photos: string };
  /** What stands in the place of a picture. */
  sentenceOf: (slide: Slide) => string;
  /** The room that header and footer take. */
  room: () => { top: number; bottom: number };
  onShow: (id: string) => void;
  onZoom: (zoomed: boolean) => void;
  onBroken: (slide: Slide) => void;
  onClosing: () => void;
  onClosed: () => void;
}

/** As long as the longest motion of the pages. */
const MOTION_MS = 190;
/** A double tap enlarges by this much, two fingers by up to that. */
const DOUBLE_TAP = 2.5;
const ZOOM_MAX = 6;
/** A list that changes in the middle of a swipe waits for its end. */
const SETTLE_MS = 150;

export function openViewer(options: ViewerOptions): Viewer {
  const pswp = new PhotoSwipe({
    dataSource: options.slides.map(itemOf),
    index: indexAfter(options.slides, options.id, 0),
    appendToEl: options.stage,
    // The dialog around it holds the focus and closes with Escape; its buttons are the lightbox's own.
    ...{ escKey: false, trapFocus: false, returnFocus: false },
    ...{ close: false, zoom: false, counter: false, arrowPrev: false, arrowNext: false },
    ...{ loop: false, bgOpacity: 1, wheelToZoom: true, preload: [1, 2] },
    showHideAnimationType: options.animate ? "zoom" : "none",
    showAnimationDuration: MOTION_MS,
    hideAnimationDuration: MOTION_MS,
    zoomAnimationDuration: MOTION_MS,
    secondaryZoomLevel: ({ fit }) => fit * DOUBLE_TAP,
    maxZoomLevel: ({ fit }) => fit * ZOOM_MAX,
    paddingFn: () => ({ ...options.room(), left: 0, right: 0 }),
    errorMsg: options.sentences.broken,
  });
  fillSlides(pswp, options.sentenceOf);
  /** What the page was told and has not said back yet: it may be some swipes behind. */
  const told = [options.id];
  listen(pswp, {
    ...options,
    onShow(id) {
      told.push(id);
      options.onShow(id);
    },
  });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) stillSprings(pswp);
  pswp.init();
  // The dialog around it has these roles.
  pswp.element?.removeAttribute("role");
  pswp.scrollWrap?.setAttribute("aria-label", options.sentences.photos);

  let waiting: number | undefined;
  const update = (next: readonly Slide[]) => {
    window.clearTimeout(waiting);
    if (pswp.isDestroying || next.length === 0) return;
    if (pswp.mainScroll.isShifted() || !pswp.opener.isOpen) {
      waiting = window.setTimeout(() => update(next), SETTLE_MS);
      return;
    }
    replaceSlides(pswp, next);
  };
  return {
    update,
    step: (by) => pswp.goTo(pswp.potentialIndex + by),
    show(id) {
      const heard = told.lastIndexOf(id);
      if (heard >= 0) {
        told.splice(0, heard + 1);
        return;
      }
      const { dataSource } = pswp.options;
      if (slideIn(pswp)?.id === id || !Array.isArray(dataSource)) return;
      const index = dataSource.findIndex((item) => item.id === id);
      if (index >= 0) pswp.goTo(index);
    },
    toggleZoom: () => pswp.toggleZoom(),
    layout: () => pswp.updateSize(true),
    close: () => closeWhenOpen(pswp),
    destroy() {
      window.clearTimeout(waiting);
      pswp.destroy();
    },
  };
}

function itemOf(slide: Slide): SlideData {
  const type = slide.state === "picture" ? "image" : "sentence";
  return { ...slide, slide, type, thumbCropped: true };
}

/** The slide on screen. */
function slideIn(pswp: PhotoSwipe): Slide | undefined {
  return pswp.currSlide?.data.slide as Slide | undefined;
}

function fillSlides(pswp: PhotoSwipe, sentenceOf: ViewerOptions["sentenceOf"]): void {
  pswp.on("contentLoad", (event) => {
    const { content } = event;
    const slide = content.data.slide as Slide;
    if (slide.state === "picture") return;
    event.preventDefault();
    const sentence = document.createElement("p");
    sentence.textContent = sentenceOf(slide);
    const element = document.createElement("div");
    element.className = "pswp__content no-picture";
    element.append(sentence);
    content.element = element;
    content.onLoaded();
  });
  pswp.addFilter("placeholderSrc", (_, content) => content.data.msrc || false);
  pswp.addFilter("thumbEl", (_, item) => tileOf((item.slide as Slide).id) as HTMLElement);
}

/** The picture of a photo's tile on the page behind. */
function tileOf(id: string): Element | null {
  return document.querySelector(`[data-photo-id="${CSS.escape(id)}"] img`);
}

function listen(pswp: PhotoSwipe, options: ViewerOptions): void {
  let shown = options.id;
  pswp.on("change", () => {
    const id = slideIn(pswp)?.id;
    if (id === undefined || id === shown) return;
    shown = id;
    options.onShow(id);
  });
  pswp.on("zoomPanUpdate", ({ slide }) => {
    options.onZoom(slide.currZoomLevel > slide.zoomLevels.initial * 1.01);
  });
  pswp.on("loadError", ({ content }) => options.onBroken(content.data.slide as Slide));
  pswp.on("close", options.onClosing);
  pswp.on("destroy", options.onClosed);
  pswp.on("keydown", (event) => {
    const { originalEvent: key } = event;
    // Keys in a field or in a question over the photo belong to those, and Tab to the browser.
    const elsewhere = key.target instanceof Element && key.target !== document.body;
    const typing = elsewhere && (key.target as Element).matches("input, textarea, select");
    const asked = elsewhere && (key.target as Element).closest("dialog") !== dialogOf(pswp);
    if (typing || asked || key.key === "Tab") event.preventDefault();
  });
}

function dialogOf(pswp: PhotoSwipe): Element | null {
  return pswp.element?.closest("dialog") ?? null;
}

/** Where the person asked for less motion a slide is simply there. */
function stillSprings(pswp: PhotoSwipe): void {
  pswp.animations.startSpring = (props) => {
    props.onUpdate(props.end);
    props.onComplete?.();
  };
}

/** The viewer itself ignores a wish to close while it opens. */
function closeWhenOpen(pswp: PhotoSwipe): void {
  if (pswp.opener.isOpening) pswp.on("openingAnimationEnd", () => pswp.close());
  else pswp.close();
}

/** Puts another list in place of the present one without touching a picture that stays. */
function replaceSlides(pswp: PhotoSwipe, next: readonly Slide[]): void {
  const { currSlide } = pswp;
  const shown = slideIn(pswp);
  if (currSlide === undefined || shown === undefined) return;
  const index = indexAfter(next, shown.id, pswp.currIndex);
  const slide = next[index];
  if (slide === undefined) return;
  // What is loaded is kept by its place in the list, which is no longer the same.
  const { content } = currSlide;
  for (let place = pswp.getNumItems(); place >= 0; place -= 1) {
    pswp.contentLoader.removeByIndex(place);
  }
  pswp.options.dataSource = next.map(itemOf);
  pswp.currIndex = index;
  pswp.potentialIndex = index;
  currSlide.index = index;
  content.index = index;
  if (mustRedraw(shown, slide, content.isError())) {
    pswp.refreshSlideContent(index);
  } else {
    pswp.contentLoader.addToCache(content);
    currSlide.data = itemOf(slide);
    content.data = currSlide.data;
  }
  pswp.refreshSlideContent(index - 1);
  pswp.refreshSlideContent(index + 1);
}
