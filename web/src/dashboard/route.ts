import { createStore } from "../lib/store";

const HOME = "/dashboard/";
const JOB = "/dashboard/jobs/";

/** The address of a job's drawer. */
export function jobPath(jobId: string): string {
  return JOB + encodeURIComponent(jobId);
}

/** The job whose drawer the path opens, null for the list alone. */
export function jobOf(path: string): string | null {
  if (!path.startsWith(JOB)) return null;
  const part = path.slice(JOB.length).replace(/\/$/, "");
  try {
    return part === "" ? null : decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** The row of a job in the list; the drawer gives it the focus back. */
export function rowId(jobId: string): string {
  return `job-${jobId}`;
}

/** The job whose drawer is open. */
export const openJobId = createStore<string | null>(
  typeof location === "undefined" ? null : jobOf(location.pathname),
);

/** Opens the drawer. Going back closes it; changing from job to job adds no steps to go back through. */
export function openJob(jobId: string): void {
  if (openJobId.get() === null) history.pushState({ fromList: true }, "", jobPath(jobId));
  else history.replaceState(history.state, "", jobPath(jobId));
  openJobId.set(jobId);
}

/** Closes the drawer, by going back where the list was before it. */
export function closeJob(): void {
  const state: unknown = history.state;
  if (typeof state === "object" && state !== null && "fromList" in state) history.back();
  else history.replaceState(null, "", HOME);
  openJobId.set(null);
}

if (typeof window !== "undefined") {
  window.addEventListener("popstate", () => openJobId.set(jobOf(location.pathname)));
}
