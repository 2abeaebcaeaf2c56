import { useEffect, useState } from "preact/hooks";
import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import type { PhotoQueue } from "../queue/photoQueue";
import { useWords } from "../words/capture";
import { Chooser } from "./Chooser";
import { type KnownJob, targetOf } from "./open";
import { Dialog } from "../parts/Dialog";

/** What a driver must know before the photos: nothing, as a rule. */
export function Notices(props: {
  queue: PhotoQueue;
  /** The open job, null while none is. */
  known: KnownJob | null;
  jobs: readonly KnownJob[];
  /** The link that was opened has ended; this is another. */
  instead: boolean;
}) {
  const { words } = useWords();
  const canKeep = useStore(props.queue.canKeep);
  const room = useStore(props.queue.room);
  const shared = useShared();
  return (
    <>
      {props.instead && <Notice tone="bad" text={words.capture.linkEnded} />}
      {canKeep === false && room !== "full" && (
        <Notice tone="bad" text={words.capture.cannotKeep} />
      )}
      <RoomNotice queue={props.queue} />
      {!window.isSecureContext && canKeep !== false && (
        <Notice tone="plain" text={words.capture.insecure} />
      )}
      {shared === "lost" && <Notice tone="bad" text={words.capture.shareLost} />}
      {typeof shared === "number" && shared > 0 && (
        <Notice tone="bad" text={words.capture.sharedMissed(shared)} />
      )}
      <Inbox {...props} />
      <Install />
    </>
  );
}

/** What is said when the phone has little room for photos, or none. */
export function RoomNotice({ queue }: { queue: PhotoQueue }) {
  const { words } = useWords();
  const room = useStore(queue.room);
  if (room === "enough") return null;
  const { phoneLow, phoneFull } = words.capture;
  return room === "low" ? (
    <Notice tone="local" text={phoneLow} />
  ) : (
    <Notice tone="bad" text={phoneFull} />
  );
}

/** What the service worker, or the server in its place, says of photos that were shared: how many were missed. */
function useShared(): number | "lost" | null {
  const [shared] = useState((): number | "lost" | null => {
    if (!wasRedirected()) return null;
    const query = new URLSearchParams(location.search);
    if (query.get("shared") === "missed") return "lost";
    const missed = query.get("missed");
    return /^\d+$/.test(missed ?? "") ? Number(missed) : null;
  });
  useEffect(() => {
    if (shared === null) return;
    // A reload must not say it again.
    history.replaceState(history.state, "", location.pathname + location.hash);
  }, [shared]);
  return shared;
}

/** Whether this page was opened through an address of its own: a link from elsewhere can carry the same query. */
function wasRedirected(): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming && entry.redirectCount > 0;
}

/** Photos that were shared from the gallery and have no job yet. */
function Inbox({ queue, known, jobs }: Parameters<typeof Notices>[0]) {
  const { words } = useWords();
  const [choosing, setChoosing] = useState(false);
  const ids = useStore(queue.items)
    .filter((item) => item.jobId === "")
    .map(({ id }) => id);
  if (ids.length === 0) return null;
  const move = (job: KnownJob) => {
    setChoosing(false);
    void queue.move(ids, targetOf(job));
  };
  return (
    <div class="inbox">
      <Notice tone="local" text={words.capture.noJobYet(ids.length)} />
      {known !== null && (
        <button type="button" class="button wide" onClick={() => move(known)}>
          {words.capture.addHere(known.job.title)}
        </button>
      )}
      {(jobs.length > 1 || known === null) && (
        <button type="button" class="button wide" onClick={() => setChoosing(true)}>
          {words.capture.otherJob}
        </button>
      )}
      {choosing && <ChooserDialog jobs={jobs} onPick={move} onClose={() => setChoosing(false)} />}
    </div>
  );
}

/** The choice of a job over the page. */
export function ChooserDialog(props: {
  jobs: readonly KnownJob[];
  onPick: (job: KnownJob) => void;
  onClose: () => void;
}) {
  const { words } = useWords();
  return (
    <Dialog class="sheet" labelledBy="choose-job" onClose={props.onClose}>
      <p id="choose-job" class="unseen">
        {words.capture.pickJob}
      </p>
      <Chooser jobs={props.jobs} recent={{}} onPick={props.onPick} />
      <div class="actions">
        <button type="button" class="button" onClick={props.onClose}>
          {words.common.cancel}
        </button>
      </div>
    </Dialog>
  );
}

/** The event by which Chromium says that the page can be installed. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

/** The offer to install the page, where the browser makes it. */
function Install() {
  const { words } = useWords();
  const [event, setEvent] = useState<InstallEvent | null>(null);
  useEffect(() => {
    const keep = (offered: Event) => {
      offered.preventDefault();
      setEvent(offered as InstallEvent);
    };
    window.addEventListener("beforeinstallprompt", keep);
    return () => window.removeEventListener("beforeinstallprompt", keep);
  }, []);
  if (event === null) return null;
  return (
    <div class="install">
      <p class="soft small">{words.capture.installHelp}</p>
      <button
        type="button"
        class="button"
        onClick={() => {
          setEvent(null);
          void event.prompt();
        }}
      >
        <Icon name="download" />
        {words.capture.install}
      </button>
    </div>
  );
}
