import { useEffect } from "preact/hooks";

/**
 * Calls `refresh` every `everyMs` while the page is visible, and at once when it becomes visible or regains the
 * network. `refresh` must be stable between renders.
 */
export function useRefresh(refresh: () => void, everyMs: number): void {
  useEffect(() => {
    const ifVisible = () => {
      if (document.visibilityState === "visible") refresh();
    };
    const timer = window.setInterval(ifVisible, everyMs);
    document.addEventListener("visibilitychange", ifVisible);
    window.addEventListener("online", ifVisible);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", ifVisible);
      window.removeEventListener("online", ifVisible);
    };
  }, [refresh, everyMs]);
}
