/** Which windows of this origin are open, by the Web Locks that they hold: a lock ends with its window, however that ends. */

const PREFIX = "qdn-window:";

/** Shows to other windows that this one is open, for as long as it is. */
export function holdWindowLock(owner: string): void {
  // Over plain HTTP there are no locks.
  void navigator.locks
    ?.request(PREFIX + owner, { mode: "shared" }, () => new Promise<never>(() => undefined))
    .catch(() => undefined);
}

/** The owners of all open windows. */
export async function openWindows(): Promise<ReadonlySet<string>> {
  try {
    const held = (await navigator.locks?.query())?.held ?? [];
    const names = held.map(({ name }) => name ?? "").filter((name) => name.startsWith(PREFIX));
    return new Set(names.map((name) => name.slice(PREFIX.length)));
  } catch {
    return new Set();
  }
}
