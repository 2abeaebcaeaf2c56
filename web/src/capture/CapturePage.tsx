import { useCallback, useEffect, useState } from "preact/hooks";
import { useStore } from "../lib/store";
import { PhotoGridSkeleton } from "../photos/PhotoGrid";
import { isOnlyHereItem, type PhotoQueue } from "../queue/photoQueue";
import { Gate } from "../start/Gate";
import { useWords } from "../words/capture";
import { Capture } from "./Capture";
import { LostPhotos } from "./LostPhotos";
import { openFresh, openKept, type Opened, type OpenResult } from "./open";
import { PhonePhotos } from "./PhonePhotos";

type State = OpenResult | { kind: "loading" };

/** The crew's page: open at once with what the phone knows, then brought up to date; or what stands in its place. */
export function CapturePage({ queue }: { queue: PhotoQueue }) {
  const [state, setState] = useState<State>({ kind: "loading" });
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((old) => old + 1), []);

  useEffect(() => {
    let current = true;
    const show = (next: State) => {
      if (current) setState((old) => nextState(old, next));
    };
    openKept().then((opened) => {
      // Whatever the server has said since is newer.
      if (opened === null || !current) return;
      setState((old) => (old.kind === "loading" ? { kind: "open", opened } : old));
    });
    openFresh().then((result) => {
      if (result.kind === "open") takeUp(queue, result.opened);
      show(result);
    });
    return () => {
      current = false;
    };
  }, [queue, round]);

  useEffect(() => {
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [again]);

  if (state.kind === "loading" || state.kind === "leaving") return <CaptureSkeleton />;
  if (state.kind === "open") return <Capture opened={state.opened} queue={queue} />;
  return <Closed state={state} queue={queue} onRetry={again} />;
}

/**
 * What the server says goes before what the phone knew; but a page that is open stays open when the server can't be
 * reached, since everything that matters works without it.
 */
function nextState(old: State, next: State): State {
  return old.kind === "open" && next.kind === "failed" ? old : next;
}

/** A link that works sends what others could not send any more. */
function takeUp(queue: PhotoQueue, { api, link }: Opened): void {
  const own = new Set(link.jobs.map(({ job_id }) => job_id));
  queue.useLink(link.linkId, api, (jobId) => link.jobId === jobId || own.has(jobId));
  // A link to more jobs than one may reach some that were not listed.
  void queue.adopt(link.linkId, (jobId) => link.jobId === null || own.has(jobId));
}

export function CaptureSkeleton() {
  return (
    <main class="capture">
      <header class="capture-head" />
      <div class="capture-middle">
        <PhotoGridSkeleton count={6} />
      </div>
    </main>
  );
}

/** The page without a link that works: what is on this phone is said, and can be saved. */
function Closed(props: {
  state: Exclude<OpenResult, { kind: "open" | "leaving" }>;
  queue: PhotoQueue;
  onRetry: () => void;
}) {
  const { words } = useWords();
  const { state, queue } = props;
  const here = useStore(queue.items).filter(isOnlyHereItem);
  const missing = useStore(queue.missing);
  const kept = here.filter(({ where }) => where === "phone").length;
  return (
    <>
      <Gate
        kind={state.kind}
        staff={false}
        config={state.config}
        error={state.error}
        onRetry={props.onRetry}
        text={state.kind === "expired" ? words.gate.expiredCrew : undefined}
      >
        {kept > 0 && <p>{words.gate.photosHere(kept)}</p>}
      </Gate>
      {here.length + missing.length > 0 && (
        <div class="capture">
          <LostPhotos photos={missing} onDismiss={(ids) => void queue.dismiss(ids)} />
          {here.length > 0 && <PhonePhotos queue={queue} items={here} jobs={[]} />}
        </div>
      )}
    </>
  );
}
