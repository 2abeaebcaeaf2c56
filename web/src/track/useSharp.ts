import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** A line that brings each small copy in this time, the way there and back in it, brings the large ones too. */
const QUICK_MS = 120;

/**
 * Whether the large copies of pictures are asked for: at once on a quick line, which the small ones told. On a slow one
 * the first screen comes first, and they follow when the person touches the page.
 */
export function useSharp(
  thumbs: readonly string[],
  onSeen: () => void,
): { sharp: boolean; onThumb: () => void } {
  const [sharp, setSharp] = useState(false);
  const left = useRef(thumbs.length);
  const urls = useRef(thumbs);
  const onThumb = useCallback(() => {
    left.current -= 1;
    onSeen();
    if (left.current <= 0 && urls.current.every(cameQuickly)) setSharp(true);
  }, [onSeen]);
  useEffect(() => {
    const onTouch = () => setSharp(true);
    const events = ["pointerdown", "keydown", "scroll"] as const;
    for (const event of events) {
      window.addEventListener(event, onTouch, { passive: true, once: true });
    }
    return () => {
      for (const event of events) window.removeEventListener(event, onTouch);
    };
  }, []);
  return { sharp, onThumb };
}

/** As the browser's own record says: the picture may have been asked for before the page was there. */
function cameQuickly(url: string): boolean {
  const entry = performance.getEntriesByName(url, "resource").at(-1);
  return entry !== undefined && entry.duration < QUICK_MS;
}
