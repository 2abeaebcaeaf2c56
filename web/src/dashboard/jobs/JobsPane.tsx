import { useLayoutEffect, useRef } from "preact/hooks";
import { ApiError } from "../../api/problem";
import { JOB_STATUSES } from "../../api/types";
import { Icon, StatusIcon } from "../../parts/Icon";
import { Notice, ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";
import { EVERYTHING, type JobFilter } from "./jobList";
import { JobListSkeleton } from "./JobRow";
import { JobRows } from "./JobRows";
import type { Jobs } from "./useJobs";

/** The list with its search, in all four states. */
export function JobsPane(props: {
  jobs: Jobs;
  openId: string | null;
  search: { current: HTMLInputElement | null };
  onAdd: () => void;
}) {
  const { words } = useWords();
  const { list, state, filter, setFilter } = props.jobs;
  useTopOnSearch(state.filter);
  const add = (
    // One orange button on a screen: in an open drawer it is the upload.
    <button
      type="button"
      class={props.openId === null ? "button main" : "button"}
      aria-keyshortcuts="n"
      onClick={props.onAdd}
    >
      <Icon name="plus" />
      {words.jobs.add}
    </button>
  );
  const found = state.kind === "ready" && state.jobs.length > 0;
  const nothingAtAll = state.kind === "ready" && !found && isEverything(state.filter);
  return (
    <main class="jobs">
      <div class="jobs-head">
        <h1>{words.jobs.title}</h1>
        {!nothingAtAll && add}
      </div>
      <SearchFields input={props.search} filter={filter} onChange={setFilter} />
      {state.kind === "loading" && <JobListSkeleton />}
      {state.kind === "error" && (
        <ProblemNotice error={state.error} onRetry={() => void list.refresh()} />
      )}
      {state.kind === "ready" && state.error !== null && <StaleNotice error={state.error} />}
      {nothingAtAll && (
        <div class="empty">
          <Icon name="camera" size={40} />
          <p>{words.jobs.empty}</p>
          {add}
        </div>
      )}
      {state.kind === "ready" && !found && !nothingAtAll && (
        <NoneFound
          filter={state.filter}
          onClear={() => {
            setFilter(EVERYTHING);
            props.search.current?.focus();
          }}
        />
      )}
      {found && <JobRows jobs={props.jobs} openId={props.openId} search={props.search} />}
    </main>
  );
}

/** Another search begins at its top. */
function useTopOnSearch(filter: JobFilter): void {
  const before = useRef(filter);
  useLayoutEffect(() => {
    if (before.current !== filter) window.scrollTo(0, 0);
    before.current = filter;
  }, [filter]);
}

function isEverything(filter: JobFilter): boolean {
  return filter.query.trim() === "" && filter.status === null;
}

/** The list is an earlier one: because the sign-in ended, or because nobody answers. */
function StaleNotice({ error }: { error: unknown }) {
  const { words } = useWords();
  if (error instanceof ApiError && error.kind === "signedOut")
    return <ProblemNotice error={error} />;
  return <Notice tone="plain" text={words.errors.stale} />;
}

function NoneFound({ filter, onClear }: { filter: JobFilter; onClear: () => void }) {
  const { words } = useWords();
  const query = filter.query.trim();
  return (
    <div class="empty">
      <Icon name="search" size={40} />
      <p role="status">{query === "" ? words.jobs.noneWithStatus : words.jobs.noneFound(query)}</p>
      <button type="button" class="button" onClick={onClear}>
        {words.jobs.clearSearch}
      </button>
    </div>
  );
}

function SearchFields(props: {
  input: { current: HTMLInputElement | null };
  filter: JobFilter;
  onChange: (filter: JobFilter) => void;
}) {
  const { words } = useWords();
  const { filter, onChange } = props;
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
          aria-keyshortcuts="/"
          value={filter.query}
          maxLength={200}
          onInput={(event) => onChange({ ...filter, query: event.currentTarget.value })}
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
            aria-pressed={filter.status === status}
            onClick={() => onChange({ ...filter, status })}
          >
            {status !== null && <StatusIcon status={status} />}
            {status === null ? words.jobs.all : words.status[status]}
          </button>
        ))}
      </fieldset>
    </search>
  );
}
