import { useCallback, useEffect, useState } from "preact/hooks";
import { type Api, answer } from "../api/client";
import type { Job } from "../api/types";
import type { Started } from "../start/session";

const JOBS_MAX = 100;

export type ScopedJobs =
  | { kind: "loading" }
  | { kind: "error"; error: unknown }
  | { kind: "ready"; jobs: readonly Job[] };

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

async function loadJobs(api: Api, jobId: string | null): Promise<readonly Job[]> {
  if (jobId !== null) {
    const path = { job_id: jobId };
    return [await answer(api.GET("/jobs/{job_id}", { params: { path } }))];
  }
  const query = { limit: JOBS_MAX };
  return (await answer(api.GET("/jobs", { params: { query } }))).jobs;
}
