import { useCallback, useEffect, useRef } from "preact/hooks";

/**
 * While rendered, going back (the button, or a phone's gesture) calls `onBack` instead of leaving the page. Returns
 * what takes that step out of the history again when the person closes by other means.
 */
export function useBack(onBack: () => void): () => void {
  const armed = useRef(false);
  const latest = useRef(onBack);
  latest.current = onBack;
  useEffect(() => {
    history.pushState({ ...history.state, over: true }, "");
    armed.current = true;
    const onPop = () => {
      if (!armed.current) return;
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
