import type { Job } from "../api/types";
import { dayText } from "../lib/format";
import { useWords } from "../words";
import { Icon, StatusIcon } from "./Icon";

/** A short list of jobs to choose one of. */
export function JobPicker(props: {
  title: string;
  jobs: readonly Job[];
  onPick: (jobId: string) => void;
}) {
  const { words, language } = useWords();
  return (
    <section class="picker">
      <h1>{props.title}</h1>
      <ul>
        {props.jobs.map((job) => (
          <li key={job.job_id}>
            <button type="button" class="pick" onClick={() => props.onPick(job.job_id)}>
              <StatusIcon status={job.status} />
              <span>
                <span class="title">{job.title}</span>
                <span class="soft small">
                  {[
                    words.status[job.status],
                    job.scheduled_for && dayText(job.scheduled_for, new Date(), language),
                    job.address,
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </span>
              <Icon name="forward" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
