import { JOB_STATUSES, type Job } from "../api/types";
import { whenText } from "../lib/format";
import { Icon, StatusIcon } from "../parts/Icon";
import { Notice, ProblemNotice } from "../parts/Notice";
import { useWords } from "../words";
import { jobPath, openJob, rowId } from "./route";
import type { JobSearch, Jobs } from "./useJobs";

/** The list with its search, in all four states. */
export function JobsPane(props: {
  jobs: Jobs;
  openId: string | null;
  search: { current: HTMLInputElement | null };
  onAdd: () => void;
}) {
  const { words } = useWords();
  const { pages, search, setSearch } = props.jobs;
  const add = (
    // One orange button on a screen: in an open drawer it is the upload.
    <button
      type="button"
      class={props.openId === null ? "button main" : "button"}
      onClick={props.onAdd}
    >
      <Icon name="plus" />
      {words.jobs.add}
    </button>
  );
  const nothingAtAll = pages.kind === "ready" && pages.items.length === 0 && isEverything(search);
  return (
    <main class="jobs">
      <div class="jobs-head">
        <h1>{words.jobs.title}</h1>
        {!nothingAtAll && add}
      </div>
      <SearchFields input={props.search} search={search} onChange={setSearch} />
      {pages.kind === "loading" && <JobListSkeleton />}
      {pages.kind === "error" && <ProblemNotice error={pages.error} onRetry={pages.reload} />}
      {pages.kind === "ready" && (
        <>
          {pages.error !== null && <Notice tone="plain" text={words.errors.stale} />}
          {nothingAtAll ? (
            <div class="empty">
              <p>{words.jobs.empty}</p>
              {add}
            </div>
          ) : (
            <JobList jobs={props.jobs} openId={props.openId} />
          )}
        </>
      )}
    </main>
  );
}

function isEverything(search: JobSearch): boolean {
  return search.query.trim() === "" && search.status === null;
}

function SearchFields(props: {
  input: { current: HTMLInputElement | null };
  search: JobSearch;
  onChange: (search: JobSearch) => void;
}) {
  const { words } = useWords();
  const { search, onChange } = props;
  return (
    <search class="search">
      <label class="search-box">
        <span class="unseen">{words.jobs.search}</span>
        <Icon name="search" />
        <input
          ref={props.input}
          class="input"
          type="search"
          placeholder={words.jobs.searchHint}
          value={search.query}
          maxLength={200}
          onInput={(event) => onChange({ ...search, query: event.currentTarget.value })}
        />
        <span class="key" aria-hidden="true">
          /
        </span>
      </label>
      <fieldset class="filters">
        <legend class="unseen">{words.jobs.filter}</legend>
        {[null, ...JOB_STATUSES].map((status) => (
          <button
            key={status ?? "all"}
            type="button"
            class="filter"
            aria-pressed={search.status === status}
            onClick={() => onChange({ ...search, status })}
          >
            {status !== null && <StatusIcon status={status} />}
            {status === null ? words.jobs.all : words.status[status]}
          </button>
        ))}
      </fieldset>
    </search>
  );
}

function JobList(props: { jobs: Jobs; openId: string | null }) {
  const { words } = useWords();
  const { pages, search, setSearch } = props.jobs;
  if (pages.items.length === 0) {
    const query = search.query.trim();
    return (
      <div class="empty">
        <p>{query === "" ? words.jobs.noneWithStatus : words.jobs.noneFound(query)}</p>
        <button type="button" class="button" onClick={() => setSearch({ query: "", status: null })}>
          {words.jobs.clearSearch}
        </button>
      </div>
    );
  }
  return (
    <>
      <ul class="job-list">
        {pages.items.map((job) => (
          <li key={job.job_id}>
            <JobRow job={job} open={job.job_id === props.openId} />
          </li>
        ))}
      </ul>
      {pages.more && (
        <button type="button" class="button wide" onClick={pages.loadMore}>
          {words.jobs.more}
        </button>
      )}
    </>
  );
}

/** A link, so that a job opens in a tab of its own too. */
function JobRow({ job, open }: { job: Job; open: boolean }) {
  const { words, language } = useWords();
  const when = job.scheduled_for
    ? whenText(job.scheduled_for, new Date(), language)
    : words.jobs.unscheduled;
  const count = job.photo_count ?? 0;
  return (
    <a
      class="job-row"
      id={rowId(job.job_id)}
      href={jobPath(job.job_id)}
      aria-current={open ? "true" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        openJob(job.job_id);
      }}
    >
      <span class="status" title={words.status[job.status]}>
        <StatusIcon status={job.status} />
        <span class="unseen">{words.status[job.status]}</span>
      </span>
      <span class="what">
        <span class="title clip">{job.title}</span>
        <span class="soft small clip">{job.address ?? ""}</span>
      </span>
      <span class="meta">
        <span class="who clip">{job.customer?.name}</span>
        <span class="when soft">{when}</span>
      </span>
      <span class="count soft" title={words.jobs.photos(count)}>
        <Icon name="image" size={16} />
        <span aria-hidden="true">{count}</span>
        <span class="unseen">{words.jobs.photos(count)}</span>
      </span>
    </a>
  );
}

export function JobListSkeleton() {
  return (
    <div class="job-list" aria-hidden="true">
      {Array.from({ length: 8 }, (_, index) => (
        <div class="job-row" key={index}>
          <span class="skeleton bar short" />
          <span class="what">
            <span class="skeleton bar" />
          </span>
          <span class="meta">
            <span class="who">
              <span class="skeleton bar" />
            </span>
            <span class="when">
              <span class="skeleton bar" />
            </span>
          </span>
        </div>
      ))}
    </div>
  );
}
