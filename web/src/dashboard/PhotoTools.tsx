import { useState } from "preact/hooks";
import type { Photo } from "../api/types";
import { Question } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { useWords } from "../words";

/** What staff may do with the photo that is open. */
export function PhotoTools({ photo, onDelete }: { photo: Photo; onDelete: () => void }) {
  const { words } = useWords();
  const [asking, setAsking] = useState(false);
  return (
    <>
      {photo.url && (
        <a
          class="icon-button"
          href={photo.url}
          target="_blank"
          rel="noopener"
          aria-label={words.job.openOriginal}
          title={words.job.openOriginal}
        >
          <Icon name="open" />
        </a>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={words.job.deletePhoto}
        title={words.job.deletePhoto}
        onClick={() => setAsking(true)}
      >
        <Icon name="bin" />
      </button>
      {asking && (
        <Question
          question={words.job.deleteQuestion}
          confirm={words.job.deleteConfirm}
          keep={words.job.keep}
          onClose={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            onDelete();
          }}
        />
      )}
    </>
  );
}
