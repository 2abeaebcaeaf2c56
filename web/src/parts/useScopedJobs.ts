import { useCallback, useEffect, useState } from "preact/hooks";
import { listJobs, readJob } from "../api/calls";
import type { Api } from "../api/client";
import type { Job } from "../api/types";
import type { Started } from "../start/session";

const JOBS_MAX = 100;

export type ScopedJobs =
  { kind: "loading" } | { kind: "error"; error: unknown } | { kind: "ready"; jobs: readonly Job[] };

/** The jobs a link opens: one where it names one, otherwise the first hundred in its scope. */
export function useScopedJobs({ api, session }: Started): ScopedJobs & { reload: () => void } {
  const [state, setState] = useState<ScopedJobs>({ kind: "loading" });
  const reload = useCallback(() => {
    setState({ kind: "loading" });
    loadJobs(api, session.job_id ?? null).then(
      (jobs) => setState({ kind: "ready", jobs }),
      (error) => setState({ kind: "error", error }),
    );
  }, [api, session.job_id]);
  useEffect(reload, [reload]);
  return { ...state, reload };
}

/** One job where the link names one, otherwise the first hundred in its scope. */
export async function loadJobs(api: Api, jobId: string | null): Promise<readonly Job[]> {
  if (jobId !== null) return [await readJob(api, jobId)];
  return (await listJobs(api, { limit: JOBS_MAX })).items;
}
