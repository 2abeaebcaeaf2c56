import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** On a slow line pictures share its width: those on the first screen get it to themselves. */
export interface FirstPictures {
  /** How many of the first pictures go before all others. */
  count: number;
  /** True once they are there, or have had their time. */
  seen: boolean;
  /** One of them is there, or will never be. */
  onSeen: () => void;
}

const FIRST_MS_MAX = 1_500;

export function useFirstPictures(count: number): FirstPictures {
  const [seen, setSeen] = useState(false);
  const left = useRef(count);
  const onSeen = useCallback(() => {
    left.current -= 1;
    if (left.current <= 0) setSeen(true);
  }, []);
  useEffect(() => {
    const timer = window.setTimeout(() => setSeen(true), FIRST_MS_MAX);
    return () => window.clearTimeout(timer);
  }, []);
  return { count, seen, onSeen };
}
