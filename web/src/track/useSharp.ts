import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** A line that brings the small copies in this time brings the large ones too. */
const QUICK_MS = 250;

/**
 * Whether the large copies of so many pictures are asked for: at once on a quick line. On a slow one the first screen
 * comes first, and they follow when the person touches the page.
 */
export function useSharp(
  count: number,
  onSeen: () => void,
): { sharp: boolean; onThumb: () => void } {
  const [sharp, setSharp] = useState(false);
  const begun = useRef(performance.now());
  const left = useRef(count);
  const onThumb = useCallback(() => {
    left.current -= 1;
    onSeen();
    if (left.current <= 0 && performance.now() - begun.current < QUICK_MS) setSharp(true);
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
