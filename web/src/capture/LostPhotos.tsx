import { whenText } from "../lib/format";
import { Icon } from "../parts/Icon";
import type { MissingPhoto } from "../queue/missing";
import { useWords, type Words } from "../words/capture";

/** The photos that the phone has lost, each by its time, job and tag, so that it can be taken again. */
export function LostPhotos(props: {
  photos: readonly MissingPhoto[];
  onDismiss: (ids: readonly string[]) => void;
}) {
  const { words } = useWords();
  const { lost } = words.capture.phone;
  if (props.photos.length === 0) return null;
  const idsOf = (isCertain: boolean) =>
    props.photos.filter(({ certain }) => certain === isCertain).map(({ photo }) => photo.id);
  const certain = idsOf(true);
  const perhaps = idsOf(false);
  return (
    <section class="lost-photos" aria-labelledby="lost-photos">
      <h2 id="lost-photos">{lost.title(props.photos.length)}</h2>
      <p class="soft small">{lost.why}</p>
      <ul>
        {props.photos.map((photo) => (
          <LostPhoto key={photo.photo.id} missing={photo} words={words} />
        ))}
      </ul>
      {certain.length > 0 && (
        <button type="button" class="button wide" onClick={() => props.onDismiss(certain)}>
          {lost.dismiss}
        </button>
      )}
      {perhaps.length > 0 && (
        <>
          <p class="soft small">{lost.unknown(perhaps.length)}</p>
          <button type="button" class="button wide" onClick={() => props.onDismiss(perhaps)}>
            {lost.dismissUnknown}
          </button>
        </>
      )}
    </section>
  );
}

function LostPhoto({ missing, words }: { missing: MissingPhoto; words: Words }) {
  const { language } = useWords();
  const { photo, certain } = missing;
  const { lost } = words.capture.phone;
  const time = new Date(photo.takenAt ?? photo.addedAt).toISOString();
  const when = whenText(time, new Date(), language);
  const tag = photo.phase === null ? lost.noTag : words.phase[photo.phase];
  return (
    <li class="lost-photo" data-certain={certain}>
      <Icon name={certain ? "alert" : "device"} size={24} />
      <div>
        <p>
          <strong>{when}</strong> · {tag}
        </p>
        <p class="soft small">{photo.jobTitle ?? words.capture.phone.noJob}</p>
        <p class="soft small clip">{photo.name}</p>
        <p class={`small ${certain ? "bad" : "soft"}`}>{certain ? lost.gone : lost.perhaps}</p>
      </div>
    </li>
  );
}
