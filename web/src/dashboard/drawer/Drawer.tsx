import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/problem";
import type { Job } from "../../api/types";
import { useTitle } from "../../lib/useTitle";
import { Icon } from "../../parts/Icon";
import { Notice, ProblemNotice } from "../../parts/Notice";
import { usePhotos } from "../../photos/usePhotos";
import { useWords, type Words } from "../../words";
import type { Desk } from "../desk";
import { EditJob } from "../edit/EditJob";
import { JobPhotos } from "../photos/JobPhotos";
import { Share } from "../share/Share";
import { useLinks } from "../share/useLinks";
import { History } from "./History";
import { JobFacts } from "./JobFacts";
import { type DrawerJob, useJob } from "./useJob";
import { useFileDrop } from "./useFileDrop";

interface DrawerProps {
  desk: Desk;
  jobId: string;
  modal: boolean;
  onClose: () => void;
}

/** One job beside the list, or over it where there is no room beside. */
export function Drawer(props: DrawerProps) {
  const { words } = useWords();
  const { desk, jobId, modal, onClose } = props;
  const drawerJob = useJob(desk, jobId);
  const { job, error, reload } = drawerJob;
  const edit = useEdit(desk, drawerJob);
  const drop = useFileDrop(
    useCallback((files: Iterable<File>) => desk.uploads.add(jobId, files), [desk.uploads, jobId]),
  );
  useTitle(job?.title, desk.config.company_name);

  const state = stateOf(job !== null, error);
  return (
    <>
      {/* Escape and the button close the drawer too. */}
      {modal && <div class="drawer-veil" onClick={onClose} />}
      <div
        class="drawer"
        role="dialog"
        aria-modal={modal ? "true" : undefined}
        aria-labelledby="drawer-title"
        {...(state === "open" ? drop.handlers : {})}
      >
        <DrawerHead
          title={job?.title ?? titleOf(state, words)}
          onEdit={state === "open" ? edit.open : null}
          onClose={onClose}
        />
        {state === "missing" && <Notice tone="plain" text={words.job.missing} />}
        {error !== null && state !== "missing" && <ProblemNotice error={error} onRetry={reload} />}
        {state === "open" && <DrawerBody desk={desk} jobId={jobId} drawerJob={drawerJob} />}
        {drop.over && <DropVeil />}
        {edit.dialog}
      </div>
    </>
  );
}

/** `unknown`: the job could not be asked for and the list does not know it either. */
type DrawerState = "open" | "missing" | "unknown";

function stateOf(known: boolean, error: unknown): DrawerState {
  if (error instanceof ApiError && error.kind === "notFound") return "missing";
  return known || error === null ? "open" : "unknown";
}

function titleOf(state: DrawerState, words: Words): string {
  if (state === "missing") return words.job.missingTitle;
  return state === "unknown" ? words.job.titleUnknown : words.common.loading;
}

/** Shown while files are held over the drawer. */
function DropVeil() {
  const { words } = useWords();
  return (
    <div class="drop-veil" aria-hidden="true">
      <Icon name="upload" size={40} />
      <p>{words.upload.dropNow}</p>
    </div>
  );
}

/** The dialog that changes the job, and what opens it once the job is known. */
function useEdit(desk: Desk, { job, show }: DrawerJob) {
  const [editing, setEditing] = useState(false);
  if (job === null) return { open: null, dialog: null };
  const onClose = () => setEditing(false);
  const onSaved = (saved: Job) => {
    onClose();
    show(saved);
  };
  return {
    open: () => setEditing(true),
    dialog: editing && <EditJob api={desk.api} job={job} onClose={onClose} onSaved={onSaved} />,
  };
}

function DrawerHead(props: { title: string; onEdit: (() => void) | null; onClose: () => void }) {
  const { words } = useWords();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <div class="drawer-head">
      <h2 id="drawer-title" ref={title} tabIndex={-1}>
        {props.title}
      </h2>
      {props.onEdit && (
        <button
          type="button"
          class="icon-button"
          aria-label={words.editJob.title}
          title={words.editJob.title}
          onClick={props.onEdit}
        >
          <Icon name="edit" />
        </button>
      )}
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
  );
}

function DrawerBody(props: { desk: Desk; jobId: string; drawerJob: DrawerJob }) {
  const { desk, jobId, drawerJob } = props;
  const photos = usePhotos(desk.api, jobId, desk.uploads, desk.live);
  const links = useLinks(desk.api, jobId);
  const { job } = drawerJob;
  return (
    <>
      <JobFacts job={job} onStatus={drawerJob.changeStatus} error={drawerJob.changeError} />
      <JobPhotos desk={desk} jobId={jobId} photos={photos} />
      <Share
        api={desk.api}
        jobId={jobId}
        job={job}
        company={desk.config.company_name}
        links={links}
      />
      <History job={job} photos={photos} links={links} />
    </>
  );
}
