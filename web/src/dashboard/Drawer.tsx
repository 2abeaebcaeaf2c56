import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { readJob } from "../api/calls";
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Job } from "../api/types";
import { whenText } from "../lib/format";
import { useTitle } from "../lib/useTitle";
import { Icon, StatusIcon } from "../parts/Icon";
import { Notice, ProblemNotice } from "../parts/Notice";
import type { Started } from "../start/session";
import type { Uploads } from "../upload/uploads";
import { useWords, type Words } from "../words";
import { JobPhotos } from "./JobPhotos";
import { Share } from "./Share";

/** One job beside the list, or over it where there is no room beside. */
export function Drawer(props: {
  started: Started;
  uploads: Uploads;
  jobId: string;
  /** The job as the list knows it, shown until its own answer is there. */
  known: Job | null;
  modal: boolean;
  onClose: () => void;
}) {
  const { words } = useWords();
  const { api, config } = props.started;
  const { job: loaded, error, reload } = useJob(api, props.jobId);
  const job = loaded ?? props.known;
  const title = useRef<HTMLHeadingElement>(null);
  useTitle(job?.title, config.company_name);
  useEffect(() => title.current?.focus(), []);

  const missing = error instanceof ApiError && error.kind === "notFound";
  const unknown = job === null && error !== null;
  return (
    <>
      {props.modal && (
        // Escape and the button close the drawer too.
        // as above.
        <div class="drawer-veil" onClick={props.onClose} />
      )}
      <div
        class="drawer"
        role="dialog"
        aria-modal={props.modal ? "true" : undefined}
        aria-labelledby="drawer-title"
      >
        <div class="drawer-head">
          <h2 id="drawer-title" ref={title} tabIndex={-1}>
            {job?.title ?? unknownTitle(missing, unknown, words)}
          </h2>
          <button
            type="button"
            class="icon-button"
            aria-label={words.common.close}
            title={words.common.close}
            onClick={props.onClose}
          >
            <Icon name="close" size={24} />
          </button>
        </div>
        {missing && <Notice tone="plain" text={words.job.missing} />}
        {error !== null && !missing && <ProblemNotice error={error} onRetry={reload} />}
        {!missing && !unknown && (
          <>
            <JobFacts job={job} />
            <JobPhotos api={api} uploads={props.uploads} jobId={props.jobId} />
            <Share api={api} jobId={props.jobId} />
          </>
        )}
      </div>
    </>
  );
}

function unknownTitle(missing: boolean, unknown: boolean, words: Words): string {
  if (missing) return words.job.missingTitle;
  return unknown ? words.job.titleUnknown : words.common.loading;
}

/** The job itself, asked for afresh when the drawer opens. */
function useJob(api: Api, jobId: string) {
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState<unknown>(null);
  const reload = useCallback(() => {
    setError(null);
    readJob(api, jobId).then(setJob, setError);
  }, [api, jobId]);
  useEffect(reload, [reload]);
  return { job, error, reload };
}

function JobFacts({ job }: { job: Job | null }) {
  const { words, language } = useWords();
  if (job === null) {
    return (
      <div class="facts" aria-hidden="true">
        <span class="skeleton bar" />
        <span class="skeleton bar" />
        <span class="skeleton bar" />
      </div>
    );
  }
  const { customer } = job;
  return (
    <ul class="facts">
      <li>
        <StatusIcon status={job.status} />
        <span>{words.status[job.status]}</span>
      </li>
      {job.address && (
        <li>
          <Icon name="pin" size={16} />
          <span>{job.address}</span>
        </li>
      )}
      <li>
        <Icon name="clock" size={16} />
        <span>
          {job.scheduled_for
            ? whenText(job.scheduled_for, new Date(), language)
            : words.jobs.unscheduled}
        </span>
      </li>
      {customer && (
        <li>
          <Icon name="person" size={16} />
          <span>{customer.name}</span>
          {customer.phone && <a href={`tel:${customer.phone}`}>{customer.phone}</a>}
        </li>
      )}
    </ul>
  );
}
