import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { signOut } from "../api/calls";
import { useStore } from "../lib/store";
import { useMedia } from "../lib/useMedia";
import { useTitle } from "../lib/useTitle";
import { isDialogOpen } from "../parts/Dialog";
import type { Started } from "../start/session";
import { Uploads } from "../upload/uploads";
import { useWords } from "../words";
import { Drawer } from "./Drawer";
import { JobListSkeleton, JobsPane } from "./JobsPane";
import { NewJob } from "./NewJob";
import { closeJob, openJob, openJobId, rowId } from "./route";
import { TopBar } from "./TopBar";
import { useJobs } from "./useJobs";

/** Below this width the drawer lies over the list. */
const SIDE_BY_SIDE = "(min-width: 1100px)";

/** The whole dashboard: the job list, and the drawer of the job that is open. */
export function Dashboard({ started }: { started: Started }) {
  const { words } = useWords();
  const { api, config } = started;
  const uploads = useMemo(() => new Uploads(api), [api]);
  const jobs = useJobs(api);
  const jobId = useStore(openJobId);
  const sideBySide = useMedia(SIDE_BY_SIDE);
  const search = useRef<HTMLInputElement>(null);
  const [adding, setAdding] = useState(false);
  const { reload } = jobs.pages;

  useTitle(words.jobs.title, config.company_name);
  useDrawerFocus(jobId, search);
  useKeys(search);
  useEffect(() => uploads.onStored(reload), [uploads, reload]);

  const leave = useCallback(async () => {
    await signOut(api);
    location.assign("/dashboard/");
  }, [api]);

  return (
    <div class="dashboard">
      <div class="list-side" inert={jobId !== null && !sideBySide}>
        <TopBar company={config.company_name} onSignOut={leave} />
        <JobsPane jobs={jobs} openId={jobId} search={search} onAdd={() => setAdding(true)} />
      </div>
      {jobId === null ? (
        sideBySide && <aside class="no-drawer soft">{words.jobs.pickOne}</aside>
      ) : (
        <Drawer
          key={jobId}
          started={started}
          uploads={uploads}
          jobId={jobId}
          known={jobs.pages.items.find((job) => job.job_id === jobId) ?? null}
          modal={!sideBySide}
          onClose={closeJob}
        />
      )}
      {adding && (
        <NewJob
          api={api}
          onClose={() => setAdding(false)}
          onAdded={(id) => {
            setAdding(false);
            reload();
            openJob(id);
          }}
        />
      )}
    </div>
  );
}

/** The dashboard's outline while it is not known who looks at it. */
export function DashboardSkeleton() {
  const { words } = useWords();
  return (
    <div class="dashboard">
      <div class="list-side">
        <div class="top-bar" />
        <main class="jobs">
          <div class="jobs-head">
            <h1>{words.jobs.title}</h1>
          </div>
          <div class="search" aria-hidden="true">
            <div class="skeleton input" />
            <div class="filters" />
          </div>
          <JobListSkeleton />
        </main>
      </div>
    </div>
  );
}

/** When the drawer closes the focus goes to the row it came from, or to the search where that row is gone. */
function useDrawerFocus(jobId: string | null, search: { current: HTMLInputElement | null }): void {
  const last = useRef<string | null>(null);
  // Before the screen shows the list: a key pressed right then must not lose its focus to the row.
  useLayoutEffect(() => {
    const before = last.current;
    last.current = jobId;
    if (jobId !== null || before === null) return;
    (document.getElementById(rowId(before)) ?? search.current)?.focus();
  }, [jobId, search]);
}

/** Escape closes the drawer, `/` goes to the search. */
function useKeys(search: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isDialogOpen()) return;
      if (event.key === "Escape" && openJobId.get() !== null) {
        event.preventDefault();
        closeJob();
      }
      if (event.key === "/" && !isTyping(event.target)) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [search]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}
