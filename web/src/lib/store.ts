import { useEffect, useState } from "preact/hooks";

/** A value that can be watched. The one kind of shared state on these pages. */
export interface Store<T> {
  get(): T;
  set(next: T): void;
  /** Calls `listener` after every change; returns what stops it. */
  watch(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value; the component renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    const read = () => setValue(() => store.get());
    // A change between the first render and this effect would otherwise be missed.
    read();
    return store.watch(read);
  }, [store]);
  return value;
}
