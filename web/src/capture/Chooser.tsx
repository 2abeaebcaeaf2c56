import { useState } from "preact/hooks";
import { JobChoice } from "../parts/JobPicker";
import { useWords } from "../words/capture";
import { isToday, matches, type RecentJobs, sortJobs } from "./choice";
import type { KnownJob } from "./open";

/** Fewer are seen at a glance. */
const SEARCH_FROM = 8;

/** The choice of a job: those at work lately first, then today's. */
export function Chooser(props: {
  jobs: readonly KnownJob[];
  recent: RecentJobs;
  onPick: (job: KnownJob) => void;
}) {
  const { words } = useWords();
  const [query, setQuery] = useState("");
  const now = Date.now();
  const found = props.jobs.filter((job) => matches(job, query.trim()));
  const { recent, today, others } = sortJobs(found, props.recent, now);
  const first = [...recent, ...today];
  if (props.jobs.length === 0) return <p class="empty">{words.capture.noJobs}</p>;
  return (
    <section class="picker">
      <h1>{words.capture.pickJob}</h1>
      {props.jobs.length >= SEARCH_FROM && (
        <label class="search-box">
          <span class="unseen">{words.capture.search}</span>
          <input
            class="input"
            type="search"
            placeholder={words.capture.search}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
      )}
      {found.length === 0 && <p class="empty">{words.capture.noneFound}</p>}
      <JobChoices jobs={first} now={now} onPick={props.onPick} />
      {first.length > 0 && others.length > 0 && <h2>{words.capture.otherJobs}</h2>}
      <JobChoices jobs={others} now={now} onPick={props.onPick} />
    </section>
  );
}

function JobChoices(props: {
  jobs: readonly KnownJob[];
  now: number;
  onPick: (job: KnownJob) => void;
}) {
  const { words } = useWords();
  if (props.jobs.length === 0) return null;
  return (
    <ul>
      {props.jobs.map((known) => (
        <li key={known.job.job_id}>
          <JobChoice
            job={known.job}
            day={isToday(known, props.now) ? words.capture.today : null}
            onPick={() => props.onPick(known)}
          />
        </li>
      ))}
    </ul>
  );
}
