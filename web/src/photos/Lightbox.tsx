import type { ComponentChildren } from "preact";
import type { Photo } from "../api/types";
import { whenText } from "../lib/format";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { useWords } from "../words";

/** One photo on the whole screen, its neighbours a key or a tap away. */
export function Lightbox(props: {
  photos: readonly Photo[];
  photoId: string;
  onShow: (photoId: string) => void;
  onClose: () => void;
  /** What may be done with the photo, shown below it. */
  tools?: (photo: Photo) => ComponentChildren;
}) {
  const { words } = useWords();
  const index = props.photos.findIndex((photo) => photo.photo_id === props.photoId);
  const photo = props.photos[index];
  if (photo === undefined) return null;
  const picture = photo.status === "rejected" ? null : (photo.display_url ?? photo.url ?? null);

  const step = (by: number) => {
    const other = props.photos[index + by];
    if (other !== undefined) props.onShow(other.photo_id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  };

  return (
    <Dialog
      class="lightbox"
      labelledBy="lightbox-title"
      onClose={props.onClose}
      onKeyDown={onKeyDown}
    >
      <header>
        <p id="lightbox-title">{words.job.photoNumber(index + 1, props.photos.length)}</p>
        <button
          type="button"
          class="icon-button"
          aria-label={words.common.close}
          onClick={props.onClose}
        >
          <Icon name="close" size={24} />
        </button>
      </header>
      <div class="stage">
        {picture === null ? (
          <p class="no-picture">
            {words.job[photo.status === "rejected" ? "rejected" : "preparing"]}
          </p>
        ) : (
          <img key={photo.photo_id} src={picture} alt={photo.caption ?? photo.name} />
        )}
        {index > 0 && (
          <StepButton side="previous" label={words.common.previous} onClick={() => step(-1)} />
        )}
        {index < props.photos.length - 1 && (
          <StepButton side="next" label={words.common.next} onClick={() => step(1)} />
        )}
      </div>
      <PhotoFooter photo={photo} tools={props.tools} />
    </Dialog>
  );
}

function StepButton(props: { side: "previous" | "next"; label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      class={`icon-button step ${props.side}`}
      aria-label={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.side === "next" ? "forward" : "back"} size={24} />
    </button>
  );
}

function PhotoFooter(props: {
  photo: Photo;
  tools: ((photo: Photo) => ComponentChildren) | undefined;
}) {
  const { words, language } = useWords();
  const { photo, tools } = props;
  const now = new Date();
  const when = photo.taken_at
    ? words.job.takenAt(whenText(photo.taken_at, now, language))
    : words.job.uploadedAt(whenText(photo.uploaded_at, now, language));
  return (
    <footer>
      <p class="small">{photo.caption ? `${photo.caption} · ${when}` : when}</p>
      {tools?.(photo)}
    </footer>
  );
}
