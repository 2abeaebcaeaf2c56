/** Bringing a claimed photo to the server and writing down what became of it. Runs in the page and in its service worker. */
import { type Api, createApi } from "../api/client";
import { anySignal } from "../lib/abort";
import { pauseMs } from "../upload/retry";
import type { UploadState } from "../upload/items";
import { changePhoto, keepLink, keptLink, photoBytes, releasePhoto, setting } from "./database";
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

/** The API with the link that a photo was taken with; null when the phone knows it no more. */
export async function apiOfLink(linkId: string | null): Promise<Api | null> {
  const [link, config] = await Promise.all([
    linkId === null ? null : keptLink(linkId),
    setting("config"),
  ]);
  return link === null || link.dead || config === null
    ? null
    : apiOf(config.application_key, link.token);
}

/** Works on a photo that `owner` has claimed. True when it is safe on the server. */
export async function workOn(
  photo: KeptPhoto,
  owner: string,
  post: PostForm,
  signal: AbortSignal,
  say: (state: UploadState) => void,
): Promise<boolean> {
  const stop = new AbortController();
  const pulse = setInterval(() => void renewLease(photo.id, owner, stop), LEASE_MS / 3);
  try {
    const outcome = await tryOnce(photo, post, anySignal(signal, stop.signal), say);
    await settle(photo, outcome);
    return outcome.kind === "safe";
  } finally {
    clearInterval(pulse);
  }
}

async function tryOnce(
  photo: KeptPhoto,
  post: PostForm,
  signal: AbortSignal,
  say: (state: UploadState) => void,
): Promise<Outcome> {
  const [api, bytes] = await Promise.all([apiOfLink(photo.linkId), photoBytes(photo.id)]);
  if (api === null) return { kind: "stopped", reason: "signedOut" };
  if (bytes === null) return { kind: "stopped", reason: "unreadable" };
  const granted = (photoId: string) => changePhoto(photo.id, (kept) => ({ ...kept, photoId }));
  const outcome = await deliver(photo, new Blob([bytes]), { api, post, signal, say, granted });
  if (outcome.kind === "stopped" && outcome.reason === "signedOut") await noteDead(photo.linkId);
  return outcome;
}

async function noteDead(linkId: string | null): Promise<void> {
  const link = linkId === null ? null : await keptLink(linkId);
  if (link !== null) await keepLink({ ...link, dead: true });
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
export async function settle(photo: KeptPhoto, outcome: Outcome): Promise<void> {
  if (outcome.kind === "safe") return releasePhoto(photo, outcome.photoId);
  await changePhoto(photo.id, (kept) => afterTry(kept, outcome, Date.now(), Math.random()));
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
