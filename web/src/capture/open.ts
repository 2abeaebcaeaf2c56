/** Opening the capture page: from what the phone knows, at once; then from what the server says. */
import { listJobs } from "../api/calls";
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Job, PageConfig } from "../api/types";
import {
  isAlive,
  keepLink,
  keepSetting,
  type KeptLink,
  keptLinks,
  pruneLinks,
  setting,
} from "../queue/database";
import type { Target } from "../queue/newPhoto";
import { apiOf } from "../queue/work";
import { JOBS_AHEAD, tokenOf } from "../start/ahead";
import { signIn } from "../start/session";

/** What the open page works with. */
export interface Opened {
  config: PageConfig;
  /** The link it was opened with. */
  link: KeptLink;
  /** Signed in with that link. */
  api: Api;
  /** Jobs of this link and of others that were opened on this phone, each with the link that reaches it. */
  jobs: readonly KnownJob[];
  /** The link that was meant does not work any more; this is another of the phone's. */
  instead: boolean;
}

export interface KnownJob {
  job: Job;
  linkId: string;
}

/** Where a photo of that job goes. */
export function targetOf({ job, linkId }: KnownJob): Target {
  return { jobId: job.job_id, jobTitle: job.title, linkId };
}

export type OpenResult =
  | { kind: "open"; opened: Opened }
  | { kind: "expired" | "signedOut" | "failed"; config: PageConfig | null; error: unknown }
  | { kind: "leaving" };

const OPTIONS = { role: "crew", keepToken: true } as const;

/** The page as this phone last knew it, null where it does not know enough. No network is asked. */
export async function openKept(): Promise<Opened | null> {
  try {
    const [links, config] = await Promise.all([keptLinks(), setting("config")]);
    const token = tokenOf(location.hash);
    const link = links.find((one) => !one.dead && (token === null || one.token === token));
    return link === undefined || config === null ? null : openedOf(config, link, links);
  } catch {
    // No store, no knowledge: the server tells.
    return null;
  }
}

/** The page as the server has it now; what it says is kept for the next time. `tried`: tokens that do not work. */
export async function openFresh(tried: readonly string[] = []): Promise<OpenResult> {
  const links = await keptLinks().catch(() => []);
  const token = nextToken(links, tried);
  const result = await signIn(OPTIONS, token);
  if (result.kind === "expired" && token !== null) {
    await noteDead(links, token);
    const others = [...tried, token];
    // Another link of this phone may still work.
    return nextToken(links, others) === null ? result : openFresh(others);
  }
  if (result.kind !== "ready") return result;
  const { config, session } = result.started;
  try {
    const link: KeptLink = {
      linkId: session.link_id ?? "",
      token,
      expiresAt: session.expires_at ?? null,
      usedAt: Date.now(),
      dead: false,
      jobId: session.job_id ?? null,
      jobs: (await listJobs(apiOf(config.application_key, token), { limit: JOBS_AHEAD })).items,
    };
    await Promise.all([keepLink(link), keepSetting("config", config), pruneLinks(Date.now())])
      // A phone without a store, or with a full disk, works all the same.
      .catch(() => undefined);
    const others = links.filter(({ linkId }) => linkId !== link.linkId);
    const opened = openedOf(config, link, [link, ...others]);
    return { kind: "open", opened: { ...opened, instead: tried.length > 0 } };
  } catch (error) {
    const gone = error instanceof ApiError && error.kind === "notFound";
    return { kind: gone ? "expired" : "failed", config, error };
  }
}

/** That of the address, or of the link that was opened last. */
function nextToken(links: readonly KeptLink[], tried: readonly string[]): string | null {
  const now = Date.now();
  const alive = links.filter((link) => isAlive(link, now)).map((link) => link.token);
  const untried = [tokenOf(location.hash), ...alive].filter((token) => token !== null);
  return untried.find((token) => !tried.includes(token)) ?? null;
}

async function noteDead(links: readonly KeptLink[], token: string): Promise<void> {
  for (const link of links.filter((one) => one.token === token)) {
    await keepLink({ ...link, dead: true }).catch(() => undefined);
  }
}

function openedOf(config: PageConfig, link: KeptLink, links: readonly KeptLink[]): Opened {
  const api = apiOf(config.application_key, link.token);
  return { config, link, api, jobs: jobsOf(link, links), instead: false };
}

/** Each job once, by the link that was opened last. */
function jobsOf(opened: KeptLink, links: readonly KeptLink[]): KnownJob[] {
  const known = new Map<string, KnownJob>();
  const now = Date.now();
  const others = links.filter((link) => link.linkId !== opened.linkId && isAlive(link, now));
  for (const { linkId, jobs } of [opened, ...others]) {
    for (const job of jobs) {
      if (!known.has(job.job_id)) known.set(job.job_id, { job, linkId });
    }
  }
  return [...known.values()];
}
