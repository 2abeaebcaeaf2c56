/**
 * The phone's own store: photos that are not known to be safe on the server, and what the page needs to open without
 * a network. The page and its service worker share it; each change is one transaction.
 */
import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPObjectStore,
  openDB,
  type StoreNames,
} from "idb";
import type { Job, PageConfig } from "../api/types";
import { dueIn, isForgettable, type KeptPhoto, LEASE_MS } from "./kept";

/** A link that was opened on this phone, with what it opened. */
export interface KeptLink {
  linkId: string;
  /**
   * The secret of the link, as it stands in its address: photos taken with a link are sent with it, whatever is opened
   * later. Null where only the browser's session is known.
   */
  token: string | null;
  /** When it ends, RFC 3339; null for never. */
  expiresAt: string | null;
  /** When it was last opened, by the phone's clock. */
  usedAt: number;
  /** The server said that it does not work any more. */
  dead: boolean;
  /** The one job it reaches, null for more. */
  jobId: string | null;
  jobs: readonly Job[];
}

interface Schema extends DBSchema {
  photos: { key: string; value: KeptPhoto };
  /** Bytes and preview, apart from the records so that a list of these stays light. */
  files: { key: string; value: { id: string; bytes: ArrayBuffer } };
  previews: { key: string; value: { id: string; jpeg: ArrayBuffer } };
  links: { key: string; value: KeptLink };
  settings: { key: string; value: unknown };
}

type Database = IDBPDatabase<Schema>;

const NAME = "qdn-phone";
const VERSION = 1;

let opened: Promise<Database> | null = null;

function open(): Promise<Database> {
  opened ??= openDB<Schema>(NAME, VERSION, {
    upgrade(db) {
      for (const store of ["photos", "files", "previews"] as const) {
        db.createObjectStore(store, { keyPath: "id" });
      }
      db.createObjectStore("links", { keyPath: "linkId" });
      db.createObjectStore("settings");
    },
    // A newer version of the page waits for this one to let go.
    blocking() {
      void opened?.then((db) => db.close());
      opened = null;
    },
    terminated() {
      opened = null;
    },
  });
  // A failure to open is tried again by the next call.
  opened.catch(() => (opened = null));
  return opened;
}

/** How long a transaction may take. On a full disk Chromium sometimes never ends one, nor reports an error. */
const STORE_MS_MAX = 10_000;
/** How long further ones may take until one ends again, so that a store that hangs does not hold up each photo. */
const HUNG_MS_MAX = 1_000;
let hangs = false;

/** Runs `work` on the store, and rejects when it takes too long: the connection is then given up. */
async function withStore<T>(work: (db: Database) => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => {
      hangs = true;
      void opened?.then(
        (db) => db.close(),
        () => undefined,
      );
      opened = null;
      reject(new Error("the phone's store does not answer"));
    };
    timer = setTimeout(giveUp, hangs ? HUNG_MS_MAX : STORE_MS_MAX);
  });
  const running = onStore(work);
  running.then(
    () => (hangs = false),
    () => undefined,
  );
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` on the store. Chromium closes every connection when it drops an origin's storage, not always with an event:
 * a transaction that could not begin is tried once more on a new connection.
 */
async function onStore<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = await open();
  try {
    return await work(db);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
    db.close();
    opened = null;
    return work(await open());
  }
}

/** A transaction that is aborted rejects twice: by the request that failed, which is answered for, and by `done`. */
function ignoreAbort(done: Promise<void>): void {
  done.catch(() => undefined);
}

/** Reads from one store. */
function readFrom<Name extends StoreNames<Schema>, T>(
  name: Name,
  work: (store: IDBPObjectStore<Schema, [Name], Name, "readonly">) => Promise<T>,
): Promise<T> {
  return withStore((db) => {
    const { store, done } = db.transaction(name, "readonly");
    ignoreAbort(done);
    return work(store);
  });
}

/** Changes of photos, told to every window and the worker. */
const CHANNEL = "qdn-phone";

/** Calls `listener` after other windows or the worker changed a photo. */
export function onOthersChange(listener: () => void): void {
  if (typeof BroadcastChannel === "undefined") return;
  new BroadcastChannel(CHANNEL).onmessage = listener;
}

/** Windows that hear nothing look again by themselves: the change was made, whatever becomes of the telling. */
function tellOthers(): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** Keeps a photo with its bytes. When this resolves it is on the phone's disk. Rejects when there is no room. */
export async function keepPhoto(photo: KeptPhoto, bytes: ArrayBuffer): Promise<void> {
  await withStore(async (db) => {
    const change = db.transaction(["photos", "files"], "readwrite", { durability: "strict" });
    ignoreAbort(change.done);
    await Promise.all([
      change.objectStore("files").put({ id: photo.id, bytes }),
      change.objectStore("photos").put(photo),
      change.done,
    ]);
  });
  tellOthers();
}

/** Every photo, oldest first. */
export async function keptPhotos(): Promise<KeptPhoto[]> {
  const photos = await readFrom("photos", (store) => store.getAll());
  return photos.sort((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1));
}

/** Forgets safe photos that are old enough. On a full disk even this may fail, and then waits. */
export async function forgetOld(photos: readonly KeptPhoto[], now: number): Promise<void> {
  for (const photo of photos) {
    if (isForgettable(photo, now)) await deletePhoto(photo.id).catch(() => undefined);
  }
}

export async function photoBytes(id: string): Promise<ArrayBuffer | null> {
  return (await readFrom("files", (store) => store.get(id)))?.bytes ?? null;
}

export async function keepPreview(id: string, jpeg: ArrayBuffer): Promise<void> {
  await withStore((db) => db.put("previews", { id, jpeg }));
}

export async function preview(id: string): Promise<ArrayBuffer | null> {
  return (await readFrom("previews", (store) => store.get(id)))?.jpeg ?? null;
}

/** Takes the oldest photo that is due for `owner` alone, null when none is; those that it sends already are left out. */
export async function claimPhoto(
  owner: string,
  now: number,
  busy: ReadonlySet<string>,
): Promise<KeptPhoto | null> {
  return withStore(async (db) => {
    const change = db.transaction("photos", "readwrite");
    ignoreAbort(change.done);
    const photos = (await change.store.getAll()).sort((a, b) => a.addedAt - b.addedAt);
    const due = photos.find((photo) => !busy.has(photo.id) && dueIn(photo, now) === 0);
    if (due !== undefined) {
      due.lease = { owner, until: now + LEASE_MS };
      await change.store.put(due);
    }
    await change.done;
    return due ?? null;
  });
}

/**
 * Changes a photo that is still there; `change` returns null to leave it alone. The answer is the photo as it is then,
 * null when it is gone.
 */
export async function changePhoto(
  id: string,
  change: (photo: KeptPhoto) => KeptPhoto | null,
): Promise<KeptPhoto | null> {
  const { before, after } = await withStore(async (db) => {
    const transaction = db.transaction("photos", "readwrite", { durability: "strict" });
    ignoreAbort(transaction.done);
    const before = await transaction.store.get(id);
    const after = before === undefined ? null : change(before);
    if (after !== null) await transaction.store.put(after);
    await transaction.done;
    return { before, after };
  });
  if (after !== null) tellOthers();
  return after ?? before ?? null;
}

/**
 * Notes that the server has the photo, and only now lets go of its bytes. One that was given another job meanwhile is
 * not there yet. On a disk without room for the note everything of the photo is deleted, which takes less.
 */
export async function releasePhoto(sent: KeptPhoto, photoId: string): Promise<void> {
  const safe: Partial<KeptPhoto> = { photoId, place: null, state: { kind: "safe" }, lease: null };
  try {
    await release(sent, (photo) => ({ ...photo, ...safe }));
  } catch {
    await release(sent, () => null);
  }
  tellOthers();
}

/** Deletes the bytes of a photo that was sent, and replaces its record by `after`, or deletes it. */
async function release(
  { id, jobId }: KeptPhoto,
  after: (photo: KeptPhoto) => KeptPhoto | null,
): Promise<void> {
  await withStore(async (db) => {
    const stores = ["photos", "files", "previews"] as const;
    const change = db.transaction(stores, "readwrite", { durability: "strict" });
    ignoreAbort(change.done);
    const photo = await change.objectStore("photos").get(id);
    if (photo !== undefined && photo.jobId === jobId) {
      const record = after(photo);
      if (record === null) {
        await change.objectStore("photos").delete(id);
        await change.objectStore("previews").delete(id);
      } else {
        await change.objectStore("photos").put(record);
      }
      await change.objectStore("files").delete(id);
    }
    await change.done;
  });
}

/** Deletes a photo, bytes and all. */
export async function deletePhoto(id: string): Promise<void> {
  await withStore(async (db) => {
    const change = db.transaction(["photos", "files", "previews"], "readwrite");
    ignoreAbort(change.done);
    await Promise.all([
      change.objectStore("photos").delete(id),
      change.objectStore("files").delete(id),
      change.objectStore("previews").delete(id),
      change.done,
    ]);
  });
  tellOthers();
}

/** How long it is remembered that a person removed a photo: the ledger may come back as it was before a crash. */
const REMOVED_MS = 24 * 3_600_000;

/** Takes a photo off the phone because a person said so, and remembers that. */
export async function removePhoto(id: string, now: number): Promise<void> {
  try {
    await keepSetting("removed", { ...(await removedPhotos(now)), [id]: now });
  } catch {
    // Without room the deletion alone must do.
  }
  await deletePhoto(id);
}

/** When photos were removed within the last day, by their id. */
export async function removedPhotos(now: number): Promise<Record<string, number>> {
  const removed = Object.entries((await setting("removed")) ?? {});
  return Object.fromEntries(removed.filter(([, at]) => Math.abs(now - at) < REMOVED_MS));
}

/** Links and settings as this page has last seen them, for when the browser drops the store under the open page. */
const seenLinks = new Map<string, KeptLink>();
const seenSettings = new Map<string, unknown>();

export async function keptLinks(): Promise<KeptLink[]> {
  const stored = await readFrom("links", (store) => store.getAll()).catch((error: unknown) => {
    if (seenLinks.size === 0) throw error;
    return [];
  });
  for (const link of stored) seenLinks.set(link.linkId, link);
  return [...seenLinks.values()].sort((a, b) => b.usedAt - a.usedAt);
}

export async function keepLink(link: KeptLink): Promise<void> {
  seenLinks.set(link.linkId, link);
  await withStore((db) => db.put("links", link));
}

/** Writes links and settings again that the browser has dropped. */
export async function restoreSeen(): Promise<void> {
  for (const link of seenLinks.values()) await withStore((db) => db.put("links", link));
  for (const [name, value] of seenSettings) {
    await withStore((db) => db.put("settings", value, name));
  }
}

/** Whether a link may still work, as far as the phone knows. */
export function isAlive({ dead, expiresAt }: KeptLink, now: number): boolean {
  return !dead && (expiresAt === null || Date.parse(expiresAt) > now);
}

/** Forgets links that do not work any more, but for those that photos were taken with and wait for. */
export async function pruneLinks(now: number): Promise<void> {
  const needed = new Set((await keptPhotos()).map(({ linkId }) => linkId));
  for (const link of await keptLinks()) {
    if (isAlive(link, now) || needed.has(link.linkId)) continue;
    seenLinks.delete(link.linkId);
    await withStore((db) => db.delete("links", link.linkId));
  }
}

/** What a setting holds, and under which name. */
interface Settings {
  /** The last answer of `/config.json`. */
  config: PageConfig;
  /** When a photo was last taken for a job, by its id. */
  recentJobs: Record<string, number>;
  /** When a person removed which photo. */
  removed: Record<string, number>;
}

export async function setting<Name extends keyof Settings>(
  name: Name,
): Promise<Settings[Name] | null> {
  const seen = seenSettings.get(name);
  const stored: unknown = await readFrom("settings", (store) => store.get(name)).catch(
    (error: unknown) => {
      if (seen === undefined) throw error;
    },
  );
  if (stored !== undefined) seenSettings.set(name, stored);
  return ((stored ?? seen) as Settings[Name] | undefined) ?? null;
}

export async function keepSetting<Name extends keyof Settings>(
  name: Name,
  value: Settings[Name],
): Promise<void> {
  seenSettings.set(name, value);
  await withStore((db) => db.put("settings", value, name));
}
