import { useState } from "preact/hooks";
import type { Job } from "../../api/types";
import { whenText } from "../../lib/format";
import { Icon, StatusIcon } from "../../parts/Icon";
import { useWords } from "../../words";
import { jobPath, openJob, rowId } from "../route";

/** A link, so that a job opens in a tab of its own too. */
export function JobRow(props: {
  job: Job;
  open: boolean;
  tabbable: boolean;
  /** The cover did not load: its address may have expired. */
  onStale: () => void;
}) {
  const { words, language } = useWords();
  const { job } = props;
  const when = job.scheduled_for
    ? whenText(job.scheduled_for, new Date(), language)
    : words.jobs.unscheduled;
  return (
    <a
      class="job-row"
      id={rowId(job.job_id)}
      href={jobPath(job.job_id)}
      tabIndex={props.tabbable ? 0 : -1}
      aria-current={props.open ? "true" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        openJob(job.job_id);
      }}
    >
      <span class={`status ${job.status}`} title={words.status[job.status]}>
        <StatusIcon status={job.status} />
        <span class="unseen">{words.status[job.status]}</span>
      </span>
      <span class="what">
        <span class="title clip">{job.title}</span>
        <span class="soft small clip">{job.address ?? ""}</span>
      </span>
      <span class="meta">
        <span class="who clip">{job.customer?.name}</span>
        <span class={job.scheduled_for ? "when clip" : "when soft clip"}>{when}</span>
      </span>
      <Cover key={job.cover_url} job={job} onStale={props.onStale} />
    </a>
  );
}

/** The newest photo, with how many there are. */
function Cover({ job, onStale }: { job: Job; onStale: () => void }) {
  const { words } = useWords();
  const [broken, setBroken] = useState(false);
  const count = job.photo_count ?? 0;
  return (
    <span class={count === 0 ? "cover none" : "cover"} title={words.jobs.photos(count)}>
      <span class="shot">
        {job.cover_url && !broken ? (
          <img
            src={job.cover_url}
            alt=""
            decoding="async"
            onError={() => {
              setBroken(true);
              onStale();
            }}
          />
        ) : (
          <Icon name="image" size={20} />
        )}
      </span>
      <span class="count" aria-hidden="true">
        {count > 0 && count}
      </span>
      <span class="unseen">{words.jobs.photos(count)}</span>
    </span>
  );
}

/** A row in its final size, while its job is on the way. */
export function JobRowSkeleton() {
  return (
    <div class="job-row" aria-hidden="true">
      <span class="status">
        <span class="skeleton dot" />
      </span>
      <span class="what">
        <span class="skeleton bar" />
        <span class="skeleton bar short" />
      </span>
      <span class="meta">
        <span class="who">
          <span class="skeleton bar" />
        </span>
        <span class="when">
          <span class="skeleton bar" />
        </span>
      </span>
      <span class="cover">
        <span class="shot skeleton" />
      </span>
    </div>
  );
}

export function JobListSkeleton() {
  return (
    <div class="job-list loading" aria-hidden="true">
      {Array.from({ length: 10 }, (_, index) => (
        <JobRowSkeleton key={index} />
      ))}
    </div>
  );
}
