import { useLayoutEffect, useState } from "preact/hooks";

/** Rows kept ready above and below what is seen. */
const SPARE = 8;

export interface RowRange {
  /** The first row to be in the page, and the one after the last. */
  from: number;
  to: number;
}

/** Which rows of a list reach into the screen, with some to spare. Pure. `top` is how far the list is scrolled away. */
export function rowsInView(top: number, screenPx: number, rowPx: number, count: number): RowRange {
  if (!(rowPx > 0)) return { from: 0, to: Math.min(count, 2 * SPARE) };
  const from = Math.floor(top / rowPx) - SPARE;
  const to = Math.ceil((top + screenPx) / rowPx) + SPARE;
  return {
    from: Math.max(0, Math.min(from, count)),
    to: Math.max(0, Math.min(to, count)),
  };
}

/**
 * The rows of a list of `count` equal rows that must be in the page, as the window is scrolled. The height of a row
 * is the style sheet's `--row` on the list.
 */
export function useRowWindow(list: { current: HTMLElement | null }, count: number): RowRange {
  const [range, setRange] = useState<RowRange>({ from: 0, to: Math.min(count, 2 * SPARE) });
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    let rowPx = 0;
    const measure = () => {
      rowPx = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row"));
      look();
    };
    const look = () => {
      const next = rowsInView(-element.getBoundingClientRect().top, innerHeight, rowPx, count);
      setRange((old) => (old.from === next.from && old.to === next.to ? old : next));
    };
    measure();
    // The list's width decides its rows' height.
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      sizes.disconnect();
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", measure);
    };
  }, [list, count]);
  return range;
}
