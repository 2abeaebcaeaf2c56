import { useCallback, useEffect, useRef } from "preact/hooks";

/** How many things lie over the page, as the present entry of the history tells. */
function depthNow(): number {
  const state = history.state as { over?: number } | null;
  return state?.over ?? 0;
}

/**
 * While rendered, going back (the button, or a phone's gesture) calls `onBack` instead of leaving the page. Returns
 * what takes that step out of the history again when the person closes by other means.
 */
export function useBack(onBack: () => void): () => void {
  const armed = useRef(false);
  const latest = useRef(onBack);
  latest.current = onBack;
  useEffect(() => {
    const depth = depthNow() + 1;
    history.pushState({ ...history.state, over: depth }, "");
    armed.current = true;
    const onPop = () => {
      // What lies over this one closes alone.
      if (!armed.current || depthNow() >= depth) return;
      armed.current = false;
      latest.current();
    };
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  return useCallback(() => {
    if (!armed.current) return;
    armed.current = false;
    history.back();
  }, []);
}
