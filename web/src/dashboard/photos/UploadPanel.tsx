import { useEffect, useRef } from "preact/hooks";
import { bytesText } from "../../lib/format";
import { Icon } from "../../parts/Icon";
import { isActive, sentBytes, type UploadItem } from "../../upload/items";
import { FileInput, UploadList } from "../../upload/Uploader";
import type { Uploads } from "../../upload/uploads";
import { useWords } from "../../words";

/** The one place for adding photos: a button, a place to drop them, and how far they are. */
export function UploadPanel(props: {
  uploads: Uploads;
  jobId: string;
  items: readonly UploadItem[];
}) {
  const { words } = useWords();
  const { uploads, jobId, items } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="uploader">
      <UploadTotal uploads={uploads} items={items} />
      <UploadList uploads={uploads} items={items} />
      <div class="drop">
        <button type="button" class="button main" onClick={() => input.current?.click()}>
          <Icon name="upload" />
          {words.upload.choose}
        </button>
        <span class="hint soft">{words.upload.drop}</span>
        <FileInput input={input} onFiles={(files) => uploads.add(jobId, files)} />
      </div>
    </div>
  );
}

/** How many bytes of all files are sent; shown while it says more than the single file's own line. */
function UploadTotal({ uploads, items }: { uploads: Uploads; items: readonly UploadItem[] }) {
  const { words, language } = useWords();
  const active = items.filter(isActive);
  if (active.length === 0 || items.length < 2) return null;
  const counted = items.filter((item) => item.state.kind !== "failed");
  const sent = counted.reduce((sum, item) => sum + sentBytes(item), 0);
  const total = counted.reduce((sum, item) => sum + item.size, 0);
  return (
    <div class="upload-total">
      <div>
        <p class="title">
          {words.jobUpload.total(bytesText(sent, language), bytesText(total, language))}
        </p>
        <progress max={total} value={sent} aria-label={words.jobUpload.progress} />
      </div>
      <button
        type="button"
        class="text-button"
        onClick={() => {
          for (const item of active) uploads.remove(item.id);
        }}
      >
        {words.jobUpload.cancelAll}
      </button>
    </div>
  );
}

/** A file dropped beside the place for it would make the browser leave the page. */
export function useMissedDrops(): void {
  useEffect(() => {
    const ignore = (event: DragEvent) => event.preventDefault();
    window.addEventListener("dragover", ignore);
    window.addEventListener("drop", ignore);
    return () => {
      window.removeEventListener("dragover", ignore);
      window.removeEventListener("drop", ignore);
    };
  }, []);
}
