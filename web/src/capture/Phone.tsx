import { useEffect, useState } from "preact/hooks";
import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { isOnlyHereItem, type PhotoQueue } from "../queue/photoQueue";
import { switchLanguage } from "../words";
import { useWords } from "../words/capture";
import { LostPhotos } from "./LostPhotos";
import { RoomNotice } from "./Notices";
import type { KnownJob } from "./open";
import { PhonePhotos } from "./PhonePhotos";
import { ScreenHead } from "./ScreenHead";
import type { PlaceOfPhotos } from "./usePlace";

/** What is only on this phone, with everything that can be done about it; below it what the page may use of the phone. */
export function Phone(props: {
  queue: PhotoQueue;
  jobs: readonly KnownJob[];
  place: PlaceOfPhotos;
  onShortcuts: () => void;
  onClose: () => void;
}) {
  const { words } = useWords();
  const { phone } = words.capture;
  const here = useStore(props.queue.items).filter(isOnlyHereItem);
  const canKeep = useStore(props.queue.canKeep);
  const room = useStore(props.queue.room);
  const missing = useStore(props.queue.missing);
  return (
    <main class="capture">
      <ScreenHead title={phone.title} onClose={props.onClose} />
      {canKeep === false && room !== "full" && (
        <Notice tone="bad" text={words.capture.cannotKeep} />
      )}
      <RoomNotice queue={props.queue} />
      <LostPhotos photos={missing} onDismiss={(ids) => void props.queue.dismiss(ids)} />
      {here.length === 0 ? (
        canKeep === true && missing.length === 0 && <Notice tone="safe" text={phone.nothing} />
      ) : (
        <PhonePhotos queue={props.queue} items={here} jobs={props.jobs} />
      )}
      <section class="phone-settings">
        <PlaceSwitch place={props.place} />
        <StoragePromise />
        <button type="button" class="button wide" onClick={props.onShortcuts}>
          <Icon name="link" />
          {phone.shortcuts}
        </button>
        <button type="button" class="button wide" onClick={switchLanguage}>
          {words.otherLanguage}
        </button>
      </section>
    </main>
  );
}

function PlaceSwitch({ place }: { place: PlaceOfPhotos }) {
  const { words } = useWords();
  if (!place.possible) return null;
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={place.state === "on"}
        onChange={(event) => place.turn(event.currentTarget.checked)}
      />
      <span>
        <span>{words.capture.phone.place}</span>
        <span class="soft small">
          {place.state === "refused"
            ? words.capture.phone.placeRefused
            : words.capture.phone.placeHelp}
        </span>
      </span>
    </label>
  );
}

/** Whether the browser has promised not to clear what the page keeps. */
function StoragePromise() {
  const { words } = useWords();
  const [promised, setPromised] = useState<boolean | null>(null);
  useEffect(() => {
    navigator.storage?.persisted?.().then(setPromised, () => undefined);
  }, []);
  if (promised === null) return null;
  const { storageSafe, storageUnsure } = words.capture.phone;
  return <p class="soft small">{promised ? storageSafe : storageUnsure}</p>;
}
