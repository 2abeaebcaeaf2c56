import { useState } from "preact/hooks";
import { bytesText } from "../lib/format";
import { Question } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import type { PhotoQueue, QueueItem } from "../queue/photoQueue";
import { canRetry } from "../upload/items";
import { stateText } from "../upload/UploadRow";
import { useWords, type Words } from "../words/capture";
import { ChooserDialog } from "./Notices";
import { type KnownJob, targetOf } from "./open";
import { badgeOf } from "./QueueTile";
import { saveCopies } from "./saveCopies";

/** The photos that only this phone has, each with why and with the ways on. */
export function PhonePhotos(props: {
  queue: PhotoQueue;
  items: readonly QueueItem[];
  jobs: readonly KnownJob[];
}) {
  const { words } = useWords();
  const { queue, items, jobs } = props;
  const [moving, setMoving] = useState<string | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const { phone } = words.capture;
  return (
    <section class="phone-photos" aria-label={phone.title}>
      <ul>
        {items.map((item) => (
          <PhonePhoto
            key={item.id}
            item={item}
            queue={queue}
            jobs={jobs}
            onMove={() => setMoving(item.id)}
            onRemove={() => setRemoving(item.id)}
          />
        ))}
      </ul>
      {items.length > 1 && (
        <button type="button" class="button wide" onClick={() => saveCopies(queue, items)}>
          <Icon name="download" />
          {phone.saveAll}
        </button>
      )}
      {moving !== null && (
        <ChooserDialog
          jobs={jobs}
          onClose={() => setMoving(null)}
          onPick={(job) => {
            setMoving(null);
            void queue.move([moving], targetOf(job));
          }}
        />
      )}
      {removing !== null && (
        <Question
          question={phone.removeQuestion}
          confirm={phone.removeConfirm}
          keep={phone.keep}
          onClose={() => setRemoving(null)}
          onConfirm={() => {
            setRemoving(null);
            void queue.remove(removing);
          }}
        />
      )}
    </section>
  );
}

function PhonePhoto(props: {
  item: QueueItem;
  queue: PhotoQueue;
  jobs: readonly KnownJob[];
  onMove: () => void;
  onRemove: () => void;
}) {
  const { words, language } = useWords();
  const { item, queue, jobs } = props;
  const { phone } = words.capture;
  const job = jobs.find((known) => known.job.job_id === item.jobId)?.job;
  const stopped = item.state.kind === "failed";
  const waits = item.state.kind === "retrying" || item.state.kind === "noSignal";
  const mayRetry = waits || (item.state.kind === "failed" && canRetry(item.state.reason));
  return (
    <li class="phone-photo" data-state={item.state.kind}>
      <div class="tile">{item.preview !== null && <img src={item.preview} alt="" />}</div>
      <div>
        <p class="clip">{item.name}</p>
        <p class="soft small">
          {[
            bytesText(item.size, language),
            job && phone.jobOf(job.title),
            item.jobId === "" && phone.noJob,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p class={`small ${badgeOf(item, words).tone}`}>{sentenceOf(item, words, language)}</p>
        <div class="phone-actions">
          {mayRetry && (
            <button type="button" class="text-button" onClick={() => queue.retry(item.id)}>
              {phone.retry}
            </button>
          )}
          {jobs.length > 0 && item.where === "phone" && (stopped || item.jobId === "") && (
            <button type="button" class="text-button" onClick={props.onMove}>
              {phone.move}
            </button>
          )}
          <button type="button" class="text-button" onClick={() => saveCopies(queue, [item])}>
            {phone.save}
          </button>
          <button type="button" class="text-button" onClick={props.onRemove}>
            {phone.remove}
          </button>
        </div>
      </div>
    </li>
  );
}

/** Where the photo is, and why. */
function sentenceOf(item: QueueItem, words: Words, language: string): string {
  const { kind } = item.state;
  const loose = item.where === "page" && kind !== "failed" && kind !== "keeping";
  return loose ? words.capture.onlyInPage(1) : stateText(item, words, language).text;
}
