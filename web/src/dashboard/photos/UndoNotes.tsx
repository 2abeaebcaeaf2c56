import { problemText } from "../../api/problem";
import type { Photo } from "../../api/types";
import { useStore } from "../../lib/store";
import { Icon } from "../../parts/Icon";
import { useWords } from "../../words";
import { type Deletion, deletionKey, type Deletions } from "./deletions";

/** Older ones still wait for their time; they only take no room. */
const SHOWN_MAX = 3;

/** What was just deleted and can be taken back, and what could not be deleted. */
export function UndoNotes(props: {
  deletions: Deletions;
  /** Inside the large photo's frame, which lies over everything else. */
  inLightbox?: boolean;
  onBack: (photo: Photo) => void;
}) {
  const { words } = useWords();
  const { deletions } = props;
  const notes = useStore(deletions.notes);
  const hold = (held: boolean) => () => deletions.hold(held);
  return (
    <div
      class={props.inLightbox ? "undo-notes in-lightbox" : "undo-notes"}
      role="status"
      aria-label={words.undo.title}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      {notes.slice(-SHOWN_MAX).map((note) => (
        <UndoNote
          key={deletionKey(note.jobId, note.photo.photo_id)}
          note={note}
          deletions={deletions}
          onUndo={() => {
            const photo = deletions.undo(note);
            deletions.hold(false);
            if (photo !== null) props.onBack(photo);
          }}
        />
      ))}
    </div>
  );
}

function UndoNote(props: { note: Deletion; deletions: Deletions; onUndo: () => void }) {
  const { words } = useWords();
  const { note, deletions } = props;
  const { jobId, photo, error } = note;
  const failed = error !== null;
  return (
    <div class={failed ? "undo-note bad" : "undo-note"}>
      {failed ? (
        <Icon name="alert" />
      ) : (
        <span class="shot">{photo.thumb_url && <img src={photo.thumb_url} alt="" />}</span>
      )}
      <p>{failed ? words.undo.failed(problemText(error, words)) : words.undo.deleted}</p>
      {failed ? (
        <>
          <button
            type="button"
            class="text-button"
            onClick={() => {
              deletions.add(jobId, photo);
              void deletions.flush(false);
            }}
          >
            {words.common.tryAgain}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={words.common.close}
            onClick={() => deletions.dismiss(note)}
          >
            <Icon name="close" />
          </button>
        </>
      ) : (
        <button type="button" class="text-button undo" onClick={props.onUndo}>
          {words.undo.undo}
        </button>
      )}
    </div>
  );
}
