import { useRef, useState } from "preact/hooks";

type Handler = (event: PointerEvent & { currentTarget: HTMLElement }) => void;

/** Less than this is a finger that has not made up its mind. */
const DRAG_PX = 6;

/**
 * A divider between two halves, in percent from the left, drawn by mouse or finger. A finger that moves up or down
 * scrolls the page instead: the style `touch-action: pan-y` gives that movement to the browser, which then cancels ours.
 */
export function useDivider(): {
  at: number;
  setAt: (at: number) => void;
  handlers: Record<"onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel", Handler>;
} {
  const [at, setAt] = useState(50);
  const drag = useRef<{ x: number; moved: boolean } | null>(null);
  const follow: Handler = (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setAt(Math.min(100, Math.max(0, ((event.clientX - left) / width) * 100)));
  };
  return {
    at,
    setAt,
    handlers: {
      onPointerDown(event) {
        if (event.button !== 0 || !event.isPrimary) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, moved: event.pointerType === "mouse" };
        if (drag.current.moved) follow(event);
      },
      onPointerMove(event) {
        if (drag.current === null || !event.isPrimary) return;
        drag.current.moved ||= Math.abs(event.clientX - drag.current.x) >= DRAG_PX;
        if (drag.current.moved) follow(event);
      },
      onPointerUp(event) {
        // A tap draws the divider to where it was.
        if (drag.current !== null) follow(event);
        drag.current = null;
      },
      onPointerCancel() {
        drag.current = null;
      },
    },
  };
}
