import { useEffect, useRef } from "preact/hooks";
import { isDialogOpen } from "../parts/Dialog";

/** What keys do anywhere on the dashboard; true where the key was used. */
export interface KeyActions {
  search: () => void;
  move: (by: number) => boolean;
  close: () => boolean;
  add: () => void;
  help: () => void;
  undo: () => boolean;
}

/** Single keys act while nobody types and nothing lies over the page. */
export function useKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isDialogOpen()) return;
      if (act(event, latest.current)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function act(event: KeyboardEvent, keys: KeyActions): boolean {
  if (event.key === "Escape") return keys.close();
  if (event.altKey) return false;
  const typing = isTyping(event.target);
  const inSearch = event.target instanceof HTMLElement && event.target.matches("[type=search]");
  if (inSearch && event.key === "ArrowDown") return keys.move(0);
  if (typing) return false;
  if (event.metaKey || event.ctrlKey) return event.key === "z" && keys.undo();
  return single(event, keys);
}

function single(event: KeyboardEvent, keys: KeyActions): boolean {
  const inDrawer = event.target instanceof HTMLElement && event.target.closest(".drawer") !== null;
  switch (event.key) {
    case "j":
      return keys.move(1);
    case "k":
      return keys.move(-1);
    // In the drawer the arrows scroll and move between photos.
    case "ArrowDown":
      return !inDrawer && keys.move(1);
    case "ArrowUp":
      return !inDrawer && keys.move(-1);
    case "/":
      keys.search();
      return true;
    case "n":
      keys.add();
      return true;
    case "?":
      keys.help();
      return true;
    default:
      return false;
  }
}

/** True for fields in which a key is a letter, and for those that the arrow keys change. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}
