import { useMemo, useState } from "preact/hooks";
import type { Photo } from "../api/types";
import { capitalised, longDayText } from "../lib/format";
import { Lightbox } from "../photos/Lightbox";
import { inOrderOfCapture } from "../photos/order";
import { PhotoGrid } from "../photos/PhotoGrid";
import { type FirstPictures, useFirstPictures } from "../photos/useFirstPictures";
import { useWords, type Words } from "../words";
import { Compare } from "./Compare";
import { firstCount, type Group, groupsOf, pairsOf } from "./gallery";
import { SavePhoto } from "./SavePhoto";

const FIRST = firstCount();

/** A job's photos as its customer sees them: the comparison first, then all in the order of the work. */
export function Gallery(props: { photos: readonly Photo[]; onBroken: () => void }) {
  const { words, language } = useWords();
  const [openId, setOpenId] = useState<string | null>(null);
  const { groups, pairs, ordered } = useMemo(() => {
    const byTime = inOrderOfCapture(props.photos);
    const parts = groupsOf(byTime);
    return {
      groups: parts,
      pairs: pairsOf(byTime),
      ordered: parts.flatMap(({ photos }) => photos),
    };
  }, [props.photos]);
  const compared = pairs.length > 0;
  const first = useFirstPictures(compared ? 2 : Math.min(FIRST, ordered.length));
  // Where two are compared, no tile is on the first screen.
  const tilesFirst: FirstPictures = compared ? { ...first, count: 0 } : first;
  return (
    <>
      {compared && <Compare pairs={pairs} onSeen={first.onSeen} />}
      {groups.map((group) => (
        <section
          key={keyOf(group)}
          class={`part by-${group.kind}`}
          aria-label={headingOf(group, words, language) ?? words.track.photos}
        >
          <Heading text={headingOf(group, words, language)} count={group.photos.length} />
          <PhotoGrid
            photos={group.photos}
            items={[]}
            before={ordered.indexOf(group.photos[0] as Photo)}
            total={ordered.length}
            first={tilesFirst}
            onOpen={setOpenId}
            onBroken={props.onBroken}
          />
        </section>
      ))}
      {openId !== null && (
        <Lightbox
          photos={ordered}
          photoId={openId}
          onShow={setOpenId}
          onClose={() => setOpenId(null)}
          onBroken={props.onBroken}
          tools={(photo) => <SavePhoto key={photo.photo_id} photo={photo} />}
        />
      )}
    </>
  );
}

function Heading({ text, count }: { text: string | null; count: number }) {
  const { words } = useWords();
  if (text === null) return null;
  return (
    <h2>
      {text} <span class="soft small">{words.jobs.photos(count)}</span>
    </h2>
  );
}

function keyOf(group: Group): string {
  if (group.kind === "day") return group.day.slice(0, 10);
  return group.kind === "phase" ? `${group.phase}` : "all";
}

function headingOf(group: Group, words: Words, language: string): string | null {
  if (group.kind === "day") return capitalised(longDayText(group.day, language), language);
  if (group.kind === "all") return null;
  return group.phase === null ? words.track.otherPhotos : words.phase[group.phase];
}
