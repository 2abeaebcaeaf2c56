import type { Job, Link, LinkRole, Photo } from "../../api/types";

/** Something that happened to a job, as far as the server still tells. */
export type HistoryEvent = { at: string } & (
  | { kind: "added" }
  | { kind: "photos"; count: number }
  | { kind: "linkMade" | "linkOff" | "linkEnded"; role: LinkRole }
);

/**
 * What happened to a job, the newest first. Photos are counted by the day they came; those deleted since are in no
 * answer of the server and so not here.
 */
export function historyOf(
  job: Job,
  photos: readonly Photo[],
  links: readonly Link[],
  now: Date,
): HistoryEvent[] {
  const events: HistoryEvent[] = [
    ...photoEvents(photos),
    ...links.flatMap((link) => linkEvents(link, now)),
  ];
  if (job.created_at) events.push({ kind: "added", at: job.created_at });
  return events.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

/** One event for each day on which photos came, at the time of the day's last one. */
function photoEvents(photos: readonly Photo[]): HistoryEvent[] {
  const days = new Map<string, { at: string; count: number }>();
  for (const { uploaded_at: at } of photos) {
    const day = new Date(at).toDateString();
    const known = days.get(day);
    if (known === undefined) days.set(day, { at, count: 1 });
    else {
      known.count += 1;
      if (Date.parse(at) > Date.parse(known.at)) known.at = at;
    }
  }
  return [...days.values()].map(({ at, count }) => ({ kind: "photos", at, count }));
}

function linkEvents(link: Link, now: Date): HistoryEvent[] {
  if (link.role === "staff") return [];
  const { role } = link;
  const events: HistoryEvent[] = [{ kind: "linkMade", at: link.created_at, role }];
  if (link.revoked_at) events.push({ kind: "linkOff", at: link.revoked_at, role });
  else if (Date.parse(link.expires_at) <= now.getTime()) {
    events.push({ kind: "linkEnded", at: link.expires_at, role });
  }
  return events;
}
