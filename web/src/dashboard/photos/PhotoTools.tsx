import { useEffect, useRef, useState } from "preact/hooks";
import { problemText } from "../../api/problem";
import { PHASES, type Phase, type Photo } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { isUnshown } from "../../photos/unshown";
import { useWords } from "../../words";
import { isTyping } from "../keys";
import { DownloadOriginal } from "./Download";
import type { ChangePhotos, PhotoChange } from "./usePhotoChanges";

/** What staff can do with the photo that is open: tag, caption, hide, download, delete. */
export function PhotoTools(props: { photo: Photo; changes: ChangePhotos; onDelete: () => void }) {
  const { words } = useWords();
  const { photo, changes, onDelete } = props;
  const [failed, setFailed] = useState<{ photoId: string; error: unknown } | null>(null);
  const change = (next: PhotoChange) => {
    setFailed(null);
    changes([photo], next).catch((error) => setFailed({ photoId: photo.photo_id, error }));
  };
  usePhotoKeys(photo, change, onDelete);
  const unshown = isUnshown(photo);
  const hideLabel = photo.hidden ? words.photoTools.show : words.photoTools.hide;
  return (
    <div class="photo-tools">
      {unshown && photo.url && <DownloadOriginal photo={photo} labelled />}
      <Tags phase={photo.phase} onPick={(phase) => change({ phase })} />
      <Caption key={photo.photo_id} photo={photo} changes={changes} />
      <div class="photo-acts">
        <button
          type="button"
          class="icon-button"
          aria-pressed={photo.hidden}
          aria-label={words.photoTools.hide}
          title={hideLabel}
          onClick={() => change({ hidden: !photo.hidden })}
        >
          <Icon name={photo.hidden ? "unseen" : "seen"} />
        </button>
        {!unshown && <DownloadOriginal photo={photo} />}
        <button
          type="button"
          class="icon-button"
          aria-label={words.job.deletePhoto}
          title={words.job.deletePhoto}
          onClick={onDelete}
        >
          <Icon name="bin" />
        </button>
      </div>
      {photo.hidden && (
        <p class="small photo-note">
          <Icon name="unseen" size={16} />
          {words.photoTools.isHidden}
        </p>
      )}
      {failed?.photoId === photo.photo_id && (
        <p class="small" role="alert">
          {words.photoTools.notSaved(problemText(failed.error, words))}
        </p>
      )}
    </div>
  );
}

function Tags(props: { phase: Phase | null; onPick: (phase: Phase | null) => void }) {
  const { words } = useWords();
  return (
    <fieldset class="tags">
      <legend class="unseen">{words.photoTools.tag}</legend>
      {PHASES.map((phase) => (
        <button
          key={phase}
          type="button"
          class="tag"
          aria-pressed={props.phase === phase}
          // Pressed once more it is taken off.
          onClick={() => props.onPick(props.phase === phase ? null : phase)}
        >
          {words.phase[phase]}
        </button>
      ))}
      <button
        type="button"
        class="tag"
        aria-pressed={props.phase === null}
        onClick={() => props.onPick(null)}
      >
        {words.photoTools.noTag}
      </button>
    </fieldset>
  );
}

type Saving = { kind: "idle" | "saving" | "saved" } | { kind: "failed"; error: unknown };

/** Saved when it is left or Enter is pressed; Escape brings back what stands on the server. */
function Caption({ photo, changes }: { photo: Photo; changes: ChangePhotos }) {
  const { words } = useWords();
  const onServer = photo.caption ?? "";
  const [text, setText] = useState(onServer);
  const [state, setState] = useState<Saving>({ kind: "idle" });
  const save = () => {
    const caption = text.trim();
    if (caption === onServer) return;
    setState({ kind: "saving" });
    changes([photo], { caption: caption === "" ? null : caption }).then(
      () => setState({ kind: "saved" }),
      (error) => setState({ kind: "failed", error }),
    );
  };
  // A photo that is left by a key or a swipe takes its field away without a blur.
  const last = useRef(save);
  last.current = save;
  useEffect(() => () => last.current(), []);

  const onKeyDown = (event: KeyboardEvent) => {
    // The keys of the frame around, such as the arrows, mean the text while one writes.
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) save();
    if (event.key === "Escape") {
      event.preventDefault();
      setText(onServer);
      if (event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
    }
  };
  return (
    <label class="caption">
      <span class="unseen">{words.photoTools.caption}</span>
      <input
        class="input"
        value={text}
        maxLength={2000}
        placeholder={words.photoTools.captionHint}
        autocomplete="off"
        enterkeyhint="done"
        onInput={(event) => {
          setText(event.currentTarget.value);
          setState({ kind: "idle" });
        }}
        onBlur={save}
        onKeyDown={onKeyDown}
      />
      <span class="saved small" role="status">
        {state.kind === "saving" && words.photoTools.saving}
        {state.kind === "saved" && (
          <>
            <Icon name="check" size={16} />
            {words.photoTools.saved}
          </>
        )}
        {state.kind === "failed" && words.photoTools.notSaved(problemText(state.error, words))}
      </span>
    </label>
  );
}

/** Keys of the open photo: 1 to 4 tag it, 0 takes the tag off, H hides, Delete deletes. */
function usePhotoKeys(
  photo: Photo,
  change: (change: PhotoChange) => void,
  onDelete: () => void,
): void {
  const latest = useRef({ photo, change, onDelete });
  latest.current = { photo, change, onDelete };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (isTyping(event.target)) return;
      const now = latest.current;
      const phase = PHASES[Number(event.key) - 1];
      if (event.key === "0") now.change({ phase: null });
      else if (phase !== undefined) now.change({ phase });
      else if (event.key.toLowerCase() === "h") now.change({ hidden: !now.photo.hidden });
      else if (event.key === "Delete" || event.key === "Backspace") now.onDelete();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
