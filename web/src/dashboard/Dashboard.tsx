import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useStore } from "../lib/store";
import { useMedia } from "../lib/useMedia";
import { useTitle } from "../lib/useTitle";
import { Icon } from "../parts/Icon";
import type { Started } from "../start/session";
import { useWords } from "../words";
import { createDesk, type Desk, openDesk } from "./desk";
import { Drawer } from "./drawer/Drawer";
import { NewJob } from "./edit/NewJob";
import { JobListSkeleton } from "./jobs/JobRow";
import { JobsPane } from "./jobs/JobsPane";
import { activeRow, moveInList } from "./jobs/rowFocus";
import { useJobs } from "./jobs/useJobs";
import { KeysHelp } from "./KeysHelp";
import { useKeys } from "./keys";
import { focusTile } from "./photos/DayGrids";
import { UndoNotes } from "./photos/UndoNotes";
import { useMissedDrops } from "./photos/UploadPanel";
import { UploadsElsewhere } from "./photos/UploadsElsewhere";
import { closeJob, openJob, openJobId, rowId } from "./route";
import { SignOut } from "./SignOut";
import { TopBar } from "./TopBar";

/** Below this width the drawer lies over the list. */
const SIDE_BY_SIDE = "(min-width: 1100px)";

type SearchField = { current: HTMLInputElement | null };

/** The whole dashboard: the job list, and the drawer of the job that is open. */
export function Dashboard({ started }: { started: Started }) {
  const { words } = useWords();
  const desk = useMemo(() => createDesk(started), [started]);
  useEffect(() => openDesk(desk), [desk]);
  const jobs = useJobs(desk.list, desk.live);
  const jobId = useStore(openJobId);
  const sideBySide = useMedia(SIDE_BY_SIDE);
  const search = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState<"newJob" | "keys" | "signOut" | null>(null);
  const done = useCallback(() => setOver(null), []);

  useTitle(words.jobs.title, desk.config.company_name);
  useDrawerFocus(jobId, search);
  useMissedDrops();
  useDashboardKeys(desk, search, setOver);
  return (
    <div class="dashboard">
      <div class="list-side" inert={jobId !== null && !sideBySide}>
        <TopBar
          company={desk.config.company_name}
          onKeys={() => setOver("keys")}
          onSignOut={() => setOver("signOut")}
        />
        <UploadsElsewhere uploads={desk.uploads} openId={jobId} />
        <JobsPane jobs={jobs} openId={jobId} search={search} onAdd={() => setOver("newJob")} />
      </div>
      {jobId === null ? (
        sideBySide && <NoDrawer />
      ) : (
        <Drawer key={jobId} desk={desk} jobId={jobId} modal={!sideBySide} onClose={closeJob} />
      )}
      <UndoNotes deletions={desk.deletions} onBack={(photo) => focusTile(photo.photo_id)} />
      {over === "keys" && <KeysHelp onClose={done} />}
      {over === "signOut" && <SignOut desk={desk} onClose={done} />}
      {over === "newJob" && (
        <NewJob
          api={desk.api}
          onClose={done}
          onAdded={(id) => {
            done();
            void desk.list.refresh();
            openJob(id);
          }}
        />
      )}
    </div>
  );
}

function NoDrawer() {
  const { words } = useWords();
  return (
    <aside class="no-drawer soft">
      <Icon name="image" size={40} />
      <p>{words.jobs.pickOne}</p>
      <p class="small">
        {words.keys.hint[0]} <kbd>?</kbd> {words.keys.hint[1]}
      </p>
    </aside>
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

/** When the drawer closes the focus goes to the row of its job, or to the search where that row is not loaded. */
function useDrawerFocus(jobId: string | null, search: SearchField): void {
  const last = useRef<string | null>(null);
  // Before the screen shows the list: a key pressed right then must not lose its focus to the row.
  useLayoutEffect(() => {
    const before = last.current;
    last.current = jobId;
    if (jobId !== null) activeRow.set(jobId);
    else if (before !== null) (document.getElementById(rowId(before)) ?? search.current)?.focus();
  }, [jobId, search]);
}

function useDashboardKeys(
  { list, deletions }: Desk,
  search: SearchField,
  setOver: (over: "newJob" | "keys") => void,
): void {
  useKeys({
    search: () => search.current?.focus(),
    move: (by) => moveInList(list.state.get().jobs, by),
    close: () => {
      if (document.activeElement === search.current) return leaveSearch(search);
      if (openJobId.get() === null) return false;
      closeJob();
      return true;
    },
    add: () => setOver("newJob"),
    help: () => setOver("keys"),
    undo: () => {
      const [photo] = deletions.undo();
      if (photo !== undefined) focusTile(photo.photo_id);
      return photo !== undefined;
    },
  });

  /** Escape in the search empties it first, as browsers do, and then leads back to the list. */
  function leaveSearch({ current }: SearchField): boolean {
    if (current?.value !== "") return false;
    return moveInList(list.state.get().jobs, 0);
  }
}
