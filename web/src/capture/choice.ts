/** Which jobs come first, and which one the page opens with. Pure. */
import type { KnownJob } from "./open";

/** A job that was photographed within this time is the one meant, until another is chosen. */
const STILL_AT_IT_MS = 12 * 3_600_000;

export type RecentJobs = Readonly<Record<string, number>>;

/** The job the page opens with: the link's own, the only one, or the one that was at work just now. */
export function firstJob(
  jobs: readonly KnownJob[],
  fixed: string | null,
  recent: RecentJobs,
  now: number,
): KnownJob | null {
  const named = jobs.find(({ job }) => job.job_id === fixed);
  if (named !== undefined) return named;
  if (jobs.length === 1) return jobs[0] ?? null;
  const [latest] = sortJobs(jobs, recent, now).recent;
  const at = latest === undefined ? 0 : (recent[latest.job.job_id] ?? 0);
  return latest !== undefined && Math.abs(now - at) < STILL_AT_IT_MS ? latest : null;
}

/** Jobs in the order a driver looks for them: at work lately, on today's list, all others by the nearness of their day. */
export function sortJobs(
  jobs: readonly KnownJob[],
  recent: RecentJobs,
  now: number,
): { recent: KnownJob[]; today: KnownJob[]; others: KnownJob[] } {
  const at = ({ job }: KnownJob) => recent[job.job_id] ?? 0;
  const sorted = {
    recent: jobs.filter((one) => at(one) > 0).sort((a, b) => at(b) - at(a)),
    today: [] as KnownJob[],
    others: [] as KnownJob[],
  };
  for (const one of jobs.filter((job) => at(job) === 0)) {
    (isToday(one, now) ? sorted.today : sorted.others).push(one);
  }
  sorted.today.sort((a, b) => time(a) - time(b));
  sorted.others.sort((a, b) => Math.abs(time(a) - now) - Math.abs(time(b) - now));
  return sorted;
}

/** Jobs of today, whether they were at work already or not. */
export function isToday({ job }: KnownJob, now: number): boolean {
  return (
    job.scheduled_for !== null &&
    job.scheduled_for !== undefined &&
    new Date(job.scheduled_for).toDateString() === new Date(now).toDateString()
  );
}

/** A job without a day comes last. */
function time({ job }: KnownJob): number {
  const at = Date.parse(job.scheduled_for ?? "");
  return Number.isNaN(at) ? Number.MAX_SAFE_INTEGER : at;
}

/** Whether every word of `query` stands in the job's title, address or customer. */
export function matches({ job }: KnownJob, query: string): boolean {
  const text = [job.title, job.address, job.customer?.name].join(" ").toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
