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
  return (
    <section class="picker">
      <h1>{props.title}</h1>
      <ul>
        {props.jobs.map((job) => (
          <li key={job.job_id}>
            <JobChoice job={job} onPick={() => props.onPick(job.job_id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One job to choose. `day` stands in the place of its date, as "Today" does. */
export function JobChoice(props: { job: Job; day?: string | null; onPick: () => void }) {
  const { words, language } = useWords();
  const { job } = props;
  const date = job.scheduled_for ? dayText(job.scheduled_for, new Date(), language) : null;
  return (
    <button type="button" class="pick" onClick={props.onPick}>
      <StatusIcon status={job.status} />
      <span>
        <span class="title">{job.title}</span>
        <span class="soft small">
          {[props.day ?? date, words.status[job.status], job.address].filter(Boolean).join(" · ")}
        </span>
      </span>
      <Icon name="forward" />
    </button>
  );
}
