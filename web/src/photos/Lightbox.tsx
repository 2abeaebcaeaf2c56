import type { ComponentChildren } from "preact";
import type { Photo } from "../api/types";
import { whenText } from "../lib/format";
import { Icon, type IconName } from "../parts/Icon";
import "../styles/lightbox.css";
import { useWords } from "../words";
import type { Faults } from "../words/faults";
import { sentenceOf, type Slide } from "./lightbox/slides";
import { useLightbox, type Wishes } from "./lightbox/useLightbox";

/** One photo on the whole screen, its neighbours a swipe, a key or a press away. */
export function Lightbox(
  props: Wishes & {
    /** Shown under the caption and the time of the photo. */
    tools?: (photo: Photo) => ComponentChildren;
  },
) {
  const { words } = useWords();
  const { photos, photoId, faults, tools } = props;
  const { dialog, slides, viewer, zoomed, close, finish } = useLightbox(props);
  const index = photos.findIndex((photo) => photo.photo_id === photoId);
  const photo = photos[index];
  const slide = slides[index];

  const step = (by: number) => {
    const other = photos[index + by];
    if (viewer !== null) viewer.step(by);
    else if (other !== undefined) props.onShow(other.photo_id);
  };
  return (
    <dialog
      ref={dialog}
      class="lightbox"
      aria-labelledby="lightbox-title"
      onClose={finish}
      onCancel={(event) => {
        // A file dialog that was cancelled says so to all around it.
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        close();
      }}
    >
      <header>
        <p id="lightbox-title" aria-live="polite">
          <span aria-hidden="true">{words.lightbox.counter(index + 1, photos.length)}</span>
          <span class="unseen">{words.job.photoNumber(index + 1, photos.length)}</span>
        </p>
        {viewer !== null && slide?.state === "picture" && (
          <StageButton
            icon={zoomed ? "zoomOut" : "zoomIn"}
            label={zoomed ? words.lightbox.zoomOut : words.lightbox.zoomIn}
            onClick={viewer.toggleZoom}
          />
        )}
        <StageButton icon="close" label={words.common.close} onClick={close} />
      </header>
      <div class="stage">
        {viewer === null && slide && <PlainSlide slide={slide} faults={faults} />}
      </div>
      <div class="steps">
        <StageButton
          icon="back"
          label={words.lightbox.previous}
          disabled={index <= 0}
          onClick={() => step(-1)}
        />
        <StageButton
          icon="forward"
          label={words.lightbox.next}
          disabled={index >= photos.length - 1}
          onClick={() => step(1)}
        />
      </div>
      <footer>
        {photo && <PhotoFacts photo={photo} faults={faults} />}
        {photo && tools && <div class="tools">{tools(photo)}</div>}
      </footer>
    </dialog>
  );
}

function StageButton(props: {
  icon: IconName;
  label: string;
  disabled?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} size={24} />
    </button>
  );
}

/** A slide while the viewer is on its way, and where it can't be had. */
function PlainSlide({ slide, faults }: { slide: Slide; faults: Faults | undefined }) {
  const { words } = useWords();
  if (slide.state !== "picture") {
    return (
      <div class="no-picture">
        <p>{sentenceOf(slide, words, faults)}</p>
      </div>
    );
  }
  return <img class="plain" key={slide.id} src={slide.src} alt={slide.alt} />;
}

/** The caption and the time of a photo, and whether all of it is there. */
function PhotoFacts({ photo, faults }: { photo: Photo; faults: Faults | undefined }) {
  const { words, language } = useWords();
  const now = new Date();
  const when = photo.taken_at
    ? words.job.takenAt(whenText(photo.taken_at, now, language))
    : words.job.uploadedAt(whenText(photo.uploaded_at, now, language));
  const phase = photo.phase === null ? null : words.phase[photo.phase];
  return (
    <div class="facts">
      {photo.caption && <p>{photo.caption}</p>}
      <p class="small">{phase === null ? when : `${phase} · ${when}`}</p>
      {faults && photo.damaged && (
        <p class="small photo-note">
          <Icon name="alert" size={16} />
          {faults.damaged.whole}
        </p>
      )}
    </div>
  );
}
