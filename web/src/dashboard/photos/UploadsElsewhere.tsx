import { useStore } from "../../lib/store";
import { Icon } from "../../parts/Icon";
import { canRetry, isActive, type UploadItem } from "../../upload/items";
import type { Uploads } from "../../upload/uploads";
import { useWords } from "../../words";
import { openJob } from "../route";

/** Uploads of a job whose drawer is closed: they go on unseen, and one that failed must not stay so. */
export function UploadsElsewhere(props: { uploads: Uploads; openId: string | null }) {
  const { words } = useWords();
  const others = useStore(props.uploads.items).filter((item) => item.jobId !== props.openId);
  const failed = others.filter(hasFailed);
  const active = others.filter(isActive);
  const [first] = failed.length > 0 ? failed : active;
  return (
    <div class="elsewhere" role="status">
      {first !== undefined && (
        <button
          type="button"
          class={failed.length > 0 ? "text-button bad" : "text-button"}
          onClick={() => openJob(first.jobId)}
        >
          <Icon name={failed.length > 0 ? "alert" : "upload"} />
          {failed.length > 0
            ? words.jobUpload.failedElsewhere(failed.length)
            : words.jobUpload.elsewhere(active.length)}
        </button>
      )}
    </div>
  );
}

function hasFailed({ state }: UploadItem): boolean {
  return state.kind === "failed" && canRetry(state.reason);
}
