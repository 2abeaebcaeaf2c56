import { useCallback, useEffect, useState } from "preact/hooks";
import { changeJob, readJob } from "../../api/calls";
import type { Job, JobStatus } from "../../api/types";
import { useStore } from "../../lib/store";
import type { Desk } from "../desk";

export interface DrawerJob {
  /** As the list knows it until its own answer is there. */
  job: Job | null;
  error: unknown;
  reload: () => void;
  /** Shows the job as it is now, in the list too. */
  show: (job: Job) => void;
  changeStatus: (status: JobStatus) => void;
  /** Why the status could not be changed. */
  changeError: unknown;
}

/** The job of the open drawer, asked for afresh when it opens and when somebody else changes it. */
export function useJob({ api, list, live }: Desk, jobId: string): DrawerJob {
  const known = useStore(list.state).jobs.find((job) => job.job_id === jobId) ?? null;
  const [own, setOwn] = useState<Job | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [changeError, setChangeError] = useState<unknown>(null);

  const show = useCallback(
    (job: Job) => {
      setOwn(job);
      list.put(job);
    },
    [list],
  );
  const reload = useCallback(() => {
    readJob(api, jobId).then((job) => {
      setError(null);
      show(job);
    }, setError);
  }, [api, jobId, show]);
  useEffect(reload, [reload]);
  useEffect(
    () =>
      live.onChange((change) => {
        if (change === null || (change.kind === "job" && change.jobId === jobId)) reload();
      }),
    [live, jobId, reload],
  );

  const job = own ?? known;
  const changeStatus = (status: JobStatus) => {
    if (job === null || job.status === status) return;
    setChangeError(null);
    // Shown at once; the answer, or the refusal, settles it.
    setOwn({ ...job, status });
    changeJob(api, jobId, { status }).then(show, (failure) => {
      setOwn(job);
      setChangeError(failure);
    });
  };
  return { job, error, reload, show, changeStatus, changeError };
}
