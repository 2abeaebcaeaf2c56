import { useCallback, useEffect, useState } from "preact/hooks";
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Job } from "../api/types";
import type { Live } from "../lib/live";
import { useBack } from "../lib/useBack";
import { useRefresh } from "../lib/useRefresh";
import { Icon } from "../parts/Icon";
import { JobPicker } from "../parts/JobPicker";
import { Notice, ProblemNotice } from "../parts/Notice";
import { useScopedJobs } from "../parts/useScopedJobs";
import type { Started } from "../start/session";
import { useWords } from "../words";
import { JobSkeleton, TrackJob } from "./TrackJob";
import { useLive } from "./useLive";

/** How a job stands changes a few times in its life. */
const REFRESH_MS = 30_000;

/** A link may open several jobs of one customer: then they choose. */
export function TrackJobs({ started }: { started: Started }) {
  const { words } = useWords();
  const scoped = useScopedJobs(started);
  const live = useLive(started.api);
  const { reload } = scoped;
  useRefresh(reload, REFRESH_MS);
  useEffect(() => {
    return live.onChange((change) => {
      if (change === null || change.kind === "job") reload();
    });
  }, [live, reload]);
  const [pickedId, setPickedId] = useState<string | null>(null);
  const unpick = useCallback(() => setPickedId(null), []);
  if (scoped.kind === "loading") return <JobSkeleton />;
  if (scoped.kind === "error") {
    const gone = scoped.error instanceof ApiError && scoped.error.kind === "notFound";
    if (gone) return <Notice tone="plain" text={words.job.missing} />;
    return <ProblemNotice error={scoped.error} onRetry={scoped.reload} />;
  }
  const [only, ...others] = scoped.jobs;
  if (only === undefined) return <p class="empty">{words.track.noJobs}</p>;
  if (others.length === 0) return <TrackJob api={started.api} live={live} job={only} />;
  const picked = scoped.jobs.find(({ job_id }) => job_id === pickedId);
  if (picked !== undefined) {
    return (
      <PickedJob key={picked.job_id} api={started.api} live={live} job={picked} onBack={unpick} />
    );
  }
  return <JobPicker title={words.track.pickJob} jobs={scoped.jobs} onPick={setPickedId} />;
}

/** One of several jobs; going back leads to the choice. */
function PickedJob(props: { api: Api; live: Live; job: Job; onBack: () => void }) {
  const { words } = useWords();
  const stepBack = useBack(props.onBack);
  const leave = () => {
    stepBack();
    props.onBack();
  };
  return (
    <>
      <button type="button" class="text-button" onClick={leave}>
        <Icon name="back" />
        {words.track.allJobs}
      </button>
      <TrackJob api={props.api} live={props.live} job={props.job} />
    </>
  );
}
