import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import type { MissingPhoto } from "../queue/missing";
import type { PhotoQueue, QueueItem } from "../queue/photoQueue";
import { useWords, type Words } from "../words/capture";

interface Said {
  tone: "plain" | "safe" | "local" | "bad";
  icon: "image" | "check" | "device" | "alert";
  text: string;
}

/** The strip that always tells the truth about the photos of this phone, of all its jobs; a tap shows them. */
export function Truth(props: {
  queue: PhotoQueue;
  /** The open job, and how many of its photos the server lists; null while no job is open. */
  job: { jobId: string; listed: number } | null;
  onOpen: () => void;
}) {
  const { words } = useWords();
  const items = useStore(props.queue.items);
  const canKeep = useStore(props.queue.canKeep);
  const missing = useStore(props.queue.missing);
  const { tone, icon, text } =
    lossOf(missing, items, words) ?? truthOf(items, props.job, words, canKeep);
  return (
    <div role="status" class="truth-place">
      <button type="button" class={`truth ${tone}`} onClick={props.onOpen}>
        <Icon name={icon} size={24} />
        <span>{text}</span>
      </button>
    </div>
  );
}

/** What is said before everything else: photos that the phone does not have any more, or can't show at this moment. */
function lossOf(
  missing: readonly MissingPhoto[],
  items: readonly QueueItem[],
  words: Words,
): Said | null {
  const { capture } = words;
  const lost = missing.filter(({ certain }) => certain).length;
  if (lost > 0) return { tone: "bad", icon: "alert", text: capture.lost(lost) };
  // Those that only the page has are at a risk that a person can still do something about.
  const unsaved = items.some(({ where, state }) => where === "page" && state.kind !== "keeping");
  if (missing.length === 0 || unsaved) return null;
  return { tone: "bad", icon: "alert", text: capture.perhapsLost(missing.length) };
}

/** One sentence: the worst that is true. */
export function truthOf(
  items: readonly QueueItem[],
  job: { jobId: string; listed: number } | null,
  words: Words,
  canKeep: boolean | null,
): Said {
  const { capture } = words;
  // Nothing is said of photos before the phone was asked for them.
  if (canKeep === null && items.length === 0) {
    return { tone: "plain", icon: "image", text: words.common.loading };
  }
  const count = (is: (item: QueueItem) => boolean) => items.filter(is).length;
  const here = items.filter(({ state }) => state.kind !== "stored");
  const keeping = count(({ state }) => state.kind === "keeping");
  const loose = here.filter(
    ({ where, state }) => where === "page" && state.kind !== "keeping" && state.kind !== "failed",
  ).length;
  if (loose > 0) return { tone: "bad", icon: "alert", text: capture.onlyInPage(loose) };
  if (keeping > 0) return { tone: "local", icon: "device", text: capture.keeping(keeping) };
  const failed = count(({ state }) => state.kind === "failed");
  if (failed > 0) return { tone: "bad", icon: "alert", text: capture.onlyHereFailed(here.length) };
  const homeless = count(({ jobId }) => jobId === "");
  if (homeless > 0) return { tone: "local", icon: "device", text: capture.waitsForJob(homeless) };
  const waits = count(({ state }) => state.kind === "noSignal" || state.kind === "retrying");
  if (waits > 0) {
    return { tone: "local", icon: "device", text: capture.onlyHereNoSignal(here.length) };
  }
  if (here.length > 0)
    return { tone: "local", icon: "device", text: capture.onlyHere(here.length) };
  const isNew = ({ jobId, state }: QueueItem) =>
    state.kind === "stored" && (job === null || (jobId === job.jobId && !state.listed));
  const safe = (job?.listed ?? 0) + count(isNew);
  if (safe === 0) return { tone: "plain", icon: "image", text: capture.nothingYet };
  return { tone: "safe", icon: "check", text: capture.allSafe(safe) };
}
