/**
 * The list of photos that this phone has promised to keep, in `localStorage`: Chromium drops an origin's IndexedDB, caches
 * and files when a write finds the disk full, and leaves `localStorage` (docs/adr/0007). A photo's entry is written before
 * anything else is stored of it and changed before its bytes are let go, so that an entry without bytes is a photo that
 * the phone has lost. A service worker has no `localStorage`: its photos are entered by the next page.
 */
import type { KeptPhoto } from "./kept";

export type LedgerStatus =
  | "kept"
  /** The server has shown it; the bytes may still have to be deleted. */
  | "safe"
  /** A person took it off the phone; the bytes may still have to be deleted. */
  | "removed"
  /** The bytes are gone and the server does not have it. */
  | "lost";

export interface LedgerEntry {
  readonly photo: KeptPhoto;
  readonly status: LedgerStatus;
  /** The window that has the file in memory. */
  readonly owner: string;
}

const PREFIX = "qdn-photo:";
/** Stays when entries are struck: without it the browser has cleared the whole ledger. */
const MARK = "qdn-ledger";
/** The photos that this page has entered. */
const entered = new Set<string>();

/** Writes or replaces an entry. False where the browser has no room for it, or no `localStorage`. */
export function enterPhoto(entry: LedgerEntry): boolean {
  // Where the photo was taken and who sends it does not matter to its name.
  const photo: KeptPhoto = { ...entry.photo, place: null, lease: null };
  try {
    localStorage.setItem(MARK, "1");
    localStorage.setItem(PREFIX + photo.id, JSON.stringify({ ...entry, photo }));
    entered.add(photo.id);
    return true;
  } catch {
    return false;
  }
}

export function ledgerEntry(id: string): LedgerEntry | null {
  try {
    return parse(localStorage.getItem(PREFIX + id));
  } catch {
    return null;
  }
}

/** Whether another window struck the entry that this page wrote, while the ledger as a whole is still there. */
export function wasStruck(id: string): boolean {
  try {
    const there = localStorage.getItem(MARK) !== null;
    return there && entered.has(id) && localStorage.getItem(PREFIX + id) === null;
  } catch {
    return false;
  }
}

/** Every entry, oldest photo first. */
export function ledgerEntries(): LedgerEntry[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => parse(localStorage.getItem(key)))
      .filter((entry) => entry !== null)
      .sort((a, b) => a.photo.addedAt - b.photo.addedAt);
  } catch {
    return [];
  }
}

/** Changes an entry that is there. */
export function markEntry(id: string, change: Partial<LedgerEntry>): void {
  const entry = ledgerEntry(id);
  if (entry !== null) enterPhoto({ ...entry, ...change });
}

export function strikeEntry(id: string): void {
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // There is none to remove.
  }
}

function parse(text: string | null): LedgerEntry | null {
  if (text === null) return null;
  try {
    const entry = JSON.parse(text) as LedgerEntry;
    return typeof entry.photo.id === "string" ? entry : null;
  } catch {
    return null;
  }
}

/** What the phone's own store knows, for the comparison with the ledger. */
export interface Stored {
  photos: ReadonlyMap<string, KeptPhoto>;
  /** Photos that a person removed within the last day. */
  removed: ReadonlySet<string>;
}

export type Finding =
  /** The entry has done its work. */
  | "settled"
  /** The bytes of a photo that is safe or removed are still there. */
  | "leftover"
  /** As it should be. */
  | "stored"
  /** The store does not have it. */
  | "missing";

/** What is known of a photo that this page holds and the store has no record of. */
export interface Absent {
  entry: LedgerEntry | null;
  /** A person removed it within the last day. */
  removed: boolean;
  /** Its entry was struck though this window is known to be open: nobody takes its photos for lost. */
  struck: boolean;
}

/** Whether such a photo is removed or safe; if not, the browser has dropped it. Pure. */
export function hasEnded({ entry, removed, struck }: Absent): boolean {
  if (entry === null) return removed || struck;
  return removed || entry.status === "safe" || entry.status === "removed";
}

/** The entries that may be lost while the store cannot be read. Pure. */
export function unreadableEntries(
  entries: readonly LedgerEntry[],
  isHeld: (id: string) => boolean,
  open: ReadonlySet<string>,
): LedgerEntry[] {
  return entries.filter(
    ({ photo, status, owner }) =>
      status !== "safe" && status !== "removed" && !isHeld(photo.id) && !open.has(owner),
  );
}

/** What an entry says beside the store. Pure. */
export function compareEntry({ photo, status }: LedgerEntry, stored: Stored): Finding {
  const record = stored.photos.get(photo.id);
  const done = status === "safe" || status === "removed";
  if (record !== undefined) {
    if (record.state.kind === "safe") return "settled";
    return done ? "leftover" : "stored";
  }
  return done || stored.removed.has(photo.id) ? "settled" : "missing";
}
