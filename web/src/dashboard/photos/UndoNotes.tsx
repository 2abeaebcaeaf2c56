import { problemText } from "../../api/problem";
import type { Photo } from "../../api/types";
import { useStore } from "../../lib/store";
import { Icon } from "../../parts/Icon";
import { useWords } from "../../words";
import type { Deletion, Deletions } from "./deletions";

/** Older ones still wait for their time; they only take no room. */
const SHOWN_MAX = 3;

/** What was just deleted and can be taken back, and what could not be deleted. */
export function UndoNotes(props: {
  deletions: Deletions;
  /** Inside the large photo's frame, which lies over everything else. */
  inLightbox?: boolean;
  /** Told of one of the photos that are back. */
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
        <div key={note.id} class={note.error === null ? "undo-note" : "undo-note bad"}>
          {note.error === null ? (
            <Deleted
              note={note}
              onUndo={() => {
                const [photo] = deletions.undo(note);
                // Its button, and with it the pointer's or the focus's leaving, is gone.
                deletions.hold(false);
                if (photo !== undefined) props.onBack(photo);
              }}
            />
          ) : (
            <Failed note={note} deletions={deletions} />
          )}
        </div>
      ))}
    </div>
  );
}

function Deleted({ note, onUndo }: { note: Deletion; onUndo: () => void }) {
  const { words } = useWords();
  const thumb = note.photos[0]?.thumb_url;
  return (
    <>
      <span class="shot">{thumb && <img src={thumb} alt="" />}</span>
      <p>{words.undo.deleted(note.photos.length)}</p>
      <button type="button" class="text-button" onClick={onUndo}>
        {words.undo.undo}
      </button>
    </>
  );
}

function Failed({ note, deletions }: { note: Deletion; deletions: Deletions }) {
  const { words } = useWords();
  const why = problemText(note.error, words);
  return (
    <>
      <Icon name="alert" />
      <p>{words.undo.failed(note.photos.length, why)}</p>
      <button
        type="button"
        class="text-button"
        onClick={() => {
          deletions.retry(note);
          deletions.hold(false);
        }}
      >
        {words.common.tryAgain}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={words.common.close}
        onClick={() => {
          deletions.dismiss(note);
          deletions.hold(false);
        }}
      >
        <Icon name="close" />
      </button>
    </>
  );
}
