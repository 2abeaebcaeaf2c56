import { useCallback, useEffect, useState } from "preact/hooks";
import { listJobs } from "../api/calls";
import type { Job } from "../api/types";
import { JOBS_AHEAD } from "../start/ahead";
import type { Started } from "../start/session";

export type ScopedJobs =
  { kind: "loading" } | { kind: "error"; error: unknown } | { kind: "ready"; jobs: readonly Job[] };

/** The jobs a link opens: one where it names one, otherwise the first hundred in its scope. */
export function useScopedJobs({ api }: Started): ScopedJobs & { reload: () => void } {
  const [state, setState] = useState<ScopedJobs>({ kind: "loading" });
  const reload = useCallback(() => {
    // What is on screen stays there until there is something newer.
    setState((old) => (old.kind === "ready" ? old : { kind: "loading" }));
    listJobs(api, { limit: JOBS_AHEAD }).then(
      ({ items }) => setState({ kind: "ready", jobs: items }),
      (error) => setState((old) => (old.kind === "ready" ? old : { kind: "error", error })),
    );
  }, [api]);
  useEffect(reload, [reload]);
  return { ...state, reload };
}
