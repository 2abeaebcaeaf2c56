/**
 * The phone's own store: photos that are not known to be safe on the server, and what the page needs to open without
 * a network. The page and its service worker share it; each change is one transaction.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
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

/** Changes of photos, told to every window and the worker. */
const CHANNEL = "qdn-phone";

/** Calls `listener` after other windows or the worker changed a photo. */
export function onOthersChange(listener: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = listener;
  return () => channel.close();
}

function tellOthers(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** Keeps a photo with its bytes. When this resolves it is on the phone's disk. Rejects when there is no room. */
export async function keepPhoto(photo: KeptPhoto, bytes: ArrayBuffer): Promise<void> {
  const db = await open();
  const change = db.transaction(["photos", "files"], "readwrite", { durability: "strict" });
  await Promise.all([
    change.objectStore("files").add({ id: photo.id, bytes }),
    change.objectStore("photos").add(photo),
    change.done,
  ]);
  tellOthers();
}

/** Every photo, oldest first; safe ones that are old enough are forgotten on the way. */
export async function keptPhotos(now: number): Promise<KeptPhoto[]> {
  const db = await open();
  const photos = await db.getAll("photos");
  const old = photos.filter((photo) => isForgettable(photo, now));
  for (const { id } of old) await forgetPhoto(id);
  return photos
    .filter((photo) => !old.includes(photo))
    .sort((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1));
}

export async function photoBytes(id: string): Promise<ArrayBuffer | null> {
  return (await (await open()).get("files", id))?.bytes ?? null;
}

export async function keepPreview(id: string, jpeg: ArrayBuffer): Promise<void> {
  await (await open()).put("previews", { id, jpeg });
}

export async function preview(id: string): Promise<ArrayBuffer | null> {
  return (await (await open()).get("previews", id))?.jpeg ?? null;
}

/** Takes the oldest photo that is due for `owner` alone, null when none is. */
export async function claimPhoto(owner: string, now: number): Promise<KeptPhoto | null> {
  const db = await open();
  const change = db.transaction("photos", "readwrite");
  const photos = (await change.store.getAll()).sort((a, b) => a.addedAt - b.addedAt);
  const due = photos.find((photo) => dueIn(photo, now) === 0);
  if (due !== undefined) {
    due.lease = { owner, until: now + LEASE_MS };
    await change.store.put(due);
  }
  await change.done;
  return due ?? null;
}

/**
 * Changes a photo that is still there; `change` returns null to leave it alone. The answer is the photo as it is then,
 * null when it is gone.
 */
export async function changePhoto(
  id: string,
  change: (photo: KeptPhoto) => KeptPhoto | null,
): Promise<KeptPhoto | null> {
  const db = await open();
  const transaction = db.transaction("photos", "readwrite", { durability: "strict" });
  const before = await transaction.store.get(id);
  const after = before === undefined ? null : change(before);
  if (after !== null) await transaction.store.put(after);
  await transaction.done;
  if (after !== null) tellOthers();
  return after ?? before ?? null;
}

/**
 * Notes that the server has the photo, and only now lets go of its bytes. One that was given another job meanwhile is
 * not there yet.
 */
export async function releasePhoto(sent: KeptPhoto, photoId: string): Promise<void> {
  const { id } = sent;
  const db = await open();
  const change = db.transaction(["photos", "files"], "readwrite", { durability: "strict" });
  const photo = await change.objectStore("photos").get(id);
  if (photo !== undefined && photo.jobId === sent.jobId) {
    await change
      .objectStore("photos")
      .put({ ...photo, photoId, state: { kind: "safe" }, lease: null });
    await change.objectStore("files").delete(id);
  }
  await change.done;
  tellOthers();
}

/** Takes a photo off the phone, bytes and all: it is safe and listed, or a person said so. */
export async function forgetPhoto(id: string): Promise<void> {
  const db = await open();
  const change = db.transaction(["photos", "files", "previews"], "readwrite");
  await Promise.all([
    change.objectStore("photos").delete(id),
    change.objectStore("files").delete(id),
    change.objectStore("previews").delete(id),
    change.done,
  ]);
  tellOthers();
}

export async function keptLinks(): Promise<KeptLink[]> {
  const links = await (await open()).getAll("links");
  return links.sort((a, b) => b.usedAt - a.usedAt);
}

export async function keptLink(linkId: string): Promise<KeptLink | null> {
  return (await (await open()).get("links", linkId)) ?? null;
}

export async function keepLink(link: KeptLink): Promise<void> {
  await (await open()).put("links", link);
}

/** Whether a link may still work, as far as the phone knows. */
export function isAlive({ dead, expiresAt }: KeptLink, now: number): boolean {
  return !dead && (expiresAt === null || Date.parse(expiresAt) > now);
}

/** Forgets links that do not work any more, but for those that photos were taken with and wait for. */
export async function pruneLinks(now: number): Promise<void> {
  const needed = new Set((await keptPhotos(now)).map(({ linkId }) => linkId));
  const db = await open();
  for (const link of await db.getAll("links")) {
    if (!isAlive(link, now) && !needed.has(link.linkId)) await db.delete("links", link.linkId);
  }
}

/** What a setting holds, and under which name. */
interface Settings {
  /** The last answer of `/config.json`. */
  config: PageConfig;
  /** When a photo was last taken for a job, by its id. */
  recentJobs: Record<string, number>;
}

export async function setting<Name extends keyof Settings>(
  name: Name,
): Promise<Settings[Name] | null> {
  return ((await (await open()).get("settings", name)) as Settings[Name] | undefined) ?? null;
}

export async function keepSetting<Name extends keyof Settings>(
  name: Name,
  value: Settings[Name],
): Promise<void> {
  await (await open()).put("settings", value, name);
}
