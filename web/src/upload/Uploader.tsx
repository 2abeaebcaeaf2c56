import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { useWords } from "../words";
import { canRetry, summarise, type UploadItem } from "./items";
import { UploadRow } from "./UploadRow";
import type { Uploads } from "./uploads";

/** What a file dialog offers; HEIC by extension too, which some systems know under no type. */
export const ACCEPTED = "image/*,.heic,.heif";

/** The uploads of one job, in the order they were chosen. */
export function useJobUploads(uploads: Uploads, jobId: string): readonly UploadItem[] {
  return useStore(uploads.items).filter((item) => item.jobId === jobId);
}

/** The hidden input behind a button; choosing the same file twice is twice an upload. */
export function FileInput(props: {
  input: { current: HTMLInputElement | null };
  camera?: boolean;
  onFiles: (files: Iterable<File>) => void;
}) {
  return (
    <input
      ref={props.input}
      type="file"
      hidden
      accept={ACCEPTED}
      {...(props.camera ? { capture: "environment" } : { multiple: true })}
      onChange={(event) => {
        const files = [...(event.currentTarget.files ?? [])];
        event.currentTarget.value = "";
        if (files.length > 0) props.onFiles(files);
      }}
    />
  );
}

/** Each file with its bytes and its buttons; one green line when all are safe. */
export function UploadList(props: { uploads: Uploads; items: readonly UploadItem[] }) {
  const { words } = useWords();
  const { uploads, items } = props;
  const { total, stored, active } = summarise(items);
  if (total === 0) return null;
  if (stored === total) return <Notice tone="safe" text={words.upload.summaryDone(total)} />;
  const retryable = items.filter(({ state }) => state.kind === "failed" && canRetry(state.reason));
  return (
    <div>
      <p class="small soft" role="status">
        {active > 0
          ? words.upload.summarySending(stored, total)
          : retryable.length > 0 && words.upload.summaryFailed(retryable.length)}
      </p>
      <ul class="upload-rows">
        {items.map((item) => (
          <UploadRow
            key={item.id}
            item={item}
            onRetry={() => uploads.retry(item.id)}
            onRemove={() => uploads.remove(item.id)}
          />
        ))}
      </ul>
      {retryable.length > 1 && (
        <button
          type="button"
          class="button wide"
          onClick={() => {
            for (const item of retryable) uploads.retry(item.id);
          }}
        >
          <Icon name="retry" />
          {words.upload.retryAll}
        </button>
      )}
    </div>
  );
}
