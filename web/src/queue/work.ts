/** Bringing a claimed photo to the server and writing down what became of it. Runs in the page and in its service worker. */
import { type Api, createApi } from "../api/client";
import { anySignal } from "../lib/abort";
import type { UploadState } from "../upload/items";
import { pauseMs } from "../upload/retry";
import {
  changePhoto,
  isAlive,
  keepLink,
  type KeptLink,
  keptLinks,
  photoBytes,
  releasePhoto,
  setting,
} from "./database";
import { deliver, type Outcome, type PostForm } from "./deliver";
import { type KeptPhoto, LEASE_MS } from "./kept";

/** The API as the holder of a link's own token, whatever session the browser has; as that session where there is none. */
export function apiOf(applicationKey: string, token: string | null): Api {
  return createApi({
    applicationKey,
    ...(token === null ? {} : { token }),
    role: () => "crew",
    renew: () => Promise.resolve(false),
  });
}

/** What sending needs of the window or worker that does it. */
export interface Sender {
  /** Who holds the lease. */
  owner: string;
  post: PostForm;
  signal: AbortSignal;
  say: (state: UploadState) => void;
  /** The API of a link that this window has opened, for when the phone's store does not know it. */
  apiOfOpened: (linkId: string) => Api | null;
  /** The file of a photo that this window still has in memory. */
  held: (id: string) => Blob | null;
  /** Whether a window may hold the file instead of the sender: then it is left to that window where the store lost it. */
  mayBeHeld?: () => Promise<boolean>;
  /** Called with the photo's id on the server before any byte is sent. */
  onGrant: (id: string, photoId: string) => void;
  /** Called when the server has shown the photo, before its bytes are let go. */
  onSafe: (photo: KeptPhoto) => void;
}

/** What became of a try. */
export interface Tried {
  outcome: Outcome;
  /** The record as it is after the try. */
  record: KeptPhoto;
  /** Whether the phone's store has that record; a full disk may not take it, and is spared what can wait. */
  stored: "written" | "skipped" | "refused";
}

/** Works on a photo that the sender has claimed, and writes down what becomes of it, where the phone's store takes it. */
export async function workOn(photo: KeptPhoto, sender: Sender): Promise<Tried> {
  const stop = new AbortController();
  const renew = () => void renewLease(photo.id, sender.owner, stop).catch(() => undefined);
  const pulse = isLeased(photo, sender) ? setInterval(renew, LEASE_MS / 3) : 0;
  try {
    const signal = anySignal(sender.signal, stop.signal);
    const outcome = await tryOnce(photo, { ...sender, signal });
    const record = recordAfter(photo, outcome);
    const stored = await settle(photo, outcome, sender).catch(() => "refused" as const);
    return { outcome, record, stored };
  } finally {
    clearInterval(pulse);
  }
}

/**
 * Whether the sender has noted in the phone's store that it sends the photo. On a full disk it could not: then there is no
 * lease to renew, and nothing that can be done without is written, since a refused write may cost all that is stored.
 */
function isLeased({ lease }: KeptPhoto, { owner }: Sender): boolean {
  return lease?.owner === owner;
}

async function tryOnce(photo: KeptPhoto, sender: Sender): Promise<Outcome> {
  const link = await linkFor(photo);
  const api = link === null ? sender.apiOfOpened(photo.linkId ?? "") : link.api;
  if (api === null) {
    // Only a link that the server has refused is dead; one that is not known here may be opened in a moment.
    return link === null
      ? { kind: "again", reason: "server", afterMs: null }
      : { kind: "stopped", reason: "signedOut" };
  }
  const outcome = await deliver(photo, {
    api,
    post: sender.post,
    signal: sender.signal,
    say: sender.say,
    bytes: () => bytesOf(photo.id, sender),
    granted: async (photoId) => {
      sender.onGrant(photo.id, photoId);
      if (!isLeased(photo, sender)) return;
      // Only a shortcut for the next try: a disk that is full must not stop this one.
      await changePhoto(photo.id, (kept) =>
        mayWrite(kept, photo, sender.owner) ? { ...kept, photoId } : null,
      ).catch(() => undefined);
    },
  });
  if (outcome.kind !== "stopped") return outcome;
  if (outcome.reason === "unreadable" && (await sender.mayBeHeld?.())) return { kind: "left" };
  if (outcome.reason !== "signedOut") return outcome;
  if (link?.kept) await keepLink({ ...link.kept, dead: true }).catch(() => undefined);
  // Another link that reaches the job may be on this phone: the next try takes it.
  const other = await linkFor(photo);
  return other?.api ? { kind: "again", reason: "server", afterMs: null } : outcome;
}

/** The photo's bytes: those in the phone's store, or where it has lost them the file that the window still has. */
async function bytesOf(id: string, { held }: Sender): Promise<Blob | null> {
  const bytes = await photoBytes(id).catch(() => null);
  if (bytes !== null) return new Blob([bytes]);
  const file = held(id);
  const readable = await file
    ?.slice(0, 1)
    .arrayBuffer()
    .catch(() => null);
  return readable ? file : null;
}

interface FoundLink {
  kept: KeptLink;
  /** Null for a link that the server has refused, where no other reaches the job. */
  api: Api | null;
}

/** The link that sends a photo: its own, or where that is dead another of this phone that reaches its job. */
async function linkFor(photo: KeptPhoto): Promise<FoundLink | null> {
  const [links, config] = await Promise.all([
    keptLinks().catch(() => []),
    setting("config").catch(() => null),
  ]);
  if (config === null) return null;
  const own = links.find(({ linkId }) => linkId === photo.linkId);
  const now = Date.now();
  const reaches = ({ jobId, jobs }: KeptLink) =>
    jobId === photo.jobId || jobs.some(({ job_id }) => job_id === photo.jobId);
  const other = links.find((link) => isAlive(link, now) && reaches(link));
  const link = own !== undefined && !own.dead ? own : (other ?? own);
  if (link === undefined) return null;
  return { kept: link, api: link.dead ? null : apiOf(config.application_key, link.token) };
}

/** Whether what a sender learnt of a photo still counts: nobody else has taken it, moved it or brought it home since. */
function mayWrite(kept: KeptPhoto, sent: KeptPhoto, owner: string): boolean {
  return (
    kept.state.kind !== "safe" &&
    kept.jobId === sent.jobId &&
    (kept.lease === null || kept.lease.owner === owner)
  );
}

/** Says that the sender is alive; a photo that was removed, or taken over by another window, is let go. */
async function renewLease(id: string, owner: string, stop: AbortController): Promise<void> {
  const photo = await changePhoto(id, (kept) =>
    kept.lease?.owner === owner
      ? { ...kept, lease: { owner, until: Date.now() + LEASE_MS } }
      : null,
  );
  if (photo?.lease?.owner !== owner) stop.abort();
}

/** Writes down what became of a try. */
async function settle(
  photo: KeptPhoto,
  outcome: Outcome,
  sender: Sender,
): Promise<"written" | "skipped"> {
  if (outcome.kind === "safe") {
    sender.onSafe(photo);
    await releasePhoto(photo, outcome.photoId);
    return "written";
  }
  if (!isLeased(photo, sender)) return "skipped";
  await changePhoto(photo.id, (kept) =>
    mayWrite(kept, photo, sender.owner) ? afterTry(kept, outcome, Date.now(), Math.random()) : null,
  );
  return "written";
}

function recordAfter(photo: KeptPhoto, outcome: Outcome): KeptPhoto {
  if (outcome.kind !== "safe") return afterTry(photo, outcome, Date.now(), Math.random());
  const { photoId } = outcome;
  return { ...photo, photoId, place: null, state: { kind: "safe" }, lease: null };
}

/** The record after a try that did not end well. Pure: time and the random number are arguments. */
export function afterTry(
  kept: KeptPhoto,
  outcome: Exclude<Outcome, { kind: "safe" }>,
  now: number,
  random: number,
): KeptPhoto {
  const free = { ...kept, lease: null };
  switch (outcome.kind) {
    case "left":
      return free;
    case "stopped":
      return { ...free, state: { kind: "stopped", reason: outcome.reason } };
    case "again": {
      const tries = kept.tries + 1;
      return { ...free, tries, notBefore: now + pauseMs(tries, random, outcome.afterMs) };
    }
  }
}
