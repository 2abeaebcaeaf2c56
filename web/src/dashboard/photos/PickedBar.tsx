import { useState } from "preact/hooks";
import { problemText } from "../../api/problem";
import { PHASES } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { useWords } from "../../words";
import type { Picked } from "./usePicked";
import type { ChangePhotos, PhotoChange } from "./usePhotoChanges";

/** What can be done with all picked photos at once; it stands where the upload button else is. */
export function PickedBar(props: { picked: Picked; changes: ChangePhotos; onDelete: () => void }) {
  const { words } = useWords();
  const { photos } = props.picked;
  const [error, setError] = useState<unknown>(null);
  const none = photos.length === 0;
  const change = (next: PhotoChange) => {
    setError(null);
    if (!none) props.changes(photos, next).catch(setError);
  };
  const allHidden = !none && photos.every((photo) => photo.hidden);
  const hideLabel = allHidden ? words.photoTools.show : words.photoTools.hide;
  return (
    <div class="drop picked-bar">
      <p role="status">{words.picked.count(photos.length)}</p>
      <label class="select">
        <span class="unseen">{words.photoTools.tag}</span>
        <select
          class="input"
          value=""
          aria-disabled={none}
          onChange={(event) => {
            const word = event.currentTarget.value;
            // It says what to do, not how things are.
            event.currentTarget.value = "";
            change({ phase: PHASES.find((phase) => phase === word) ?? null });
          }}
        >
          <option value="" disabled hidden>
            {words.photoTools.tag}
          </option>
          {PHASES.map((phase) => (
            <option key={phase} value={phase}>
              {words.phase[phase]}
            </option>
          ))}
          <option value="none">{words.photoTools.noTag}</option>
        </select>
        <Icon name="down" size={16} />
      </label>
      <button
        type="button"
        class="icon-button"
        aria-disabled={none}
        aria-label={hideLabel}
        title={hideLabel}
        onClick={() => change({ hidden: !allHidden })}
      >
        <Icon name={allHidden ? "seen" : "unseen"} />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-disabled={none}
        aria-label={words.picked.delete}
        title={words.picked.delete}
        onClick={props.onDelete}
      >
        <Icon name="bin" />
      </button>
      {error !== null && (
        <p class="small" role="alert">
          {words.photoTools.notSaved(problemText(error, words))}
        </p>
      )}
    </div>
  );
}
