import type { CSSProperties } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Photo } from "../api/types";
import { Icon } from "../parts/Icon";
import { thumbhashUrl } from "../photos/thumbhash";
import { useWords } from "../words";
import "./compare.css";
import { frameRatio, type Pair } from "./gallery";
import { useDivider } from "./useDivider";
import { useSharp } from "./useSharp";

/** A place before and after the crew was there, one photo laid over the other and drawn aside like a curtain. */
export function Compare({ pairs, onSeen }: { pairs: readonly Pair[]; onSeen: () => void }) {
  const { words } = useWords();
  const [picked, setPicked] = useState(0);
  const pair = pairs[picked] ?? pairs[0];
  if (pair === undefined) return null;
  return (
    <section class="compare" aria-labelledby="compare-title">
      <h2 id="compare-title">{words.track.compare}</h2>
      {pairs.length > 1 && (
        <div class="picks" role="group" aria-label={words.track.comparePick}>
          {pairs.map(({ before, caption }, index) => (
            <button
              type="button"
              class="pick-pair"
              key={before.photo_id}
              aria-pressed={index === picked}
              onClick={() => setPicked(index)}
            >
              {caption}
            </button>
          ))}
        </div>
      )}
      <Frame key={pair.before.photo_id + pair.after.photo_id} pair={pair} onSeen={onSeen} />
    </section>
  );
}

function Frame({ pair, onSeen }: { pair: Pair; onSeen: () => void }) {
  const { words } = useWords();
  const { at, setAt, handlers } = useDivider();
  const thumbs = [pair.before, pair.after].map(({ thumb_url: url }) => url ?? "");
  const { sharp, onThumb } = useSharp(thumbs, onSeen);
  const ratio = frameRatio(pair);
  const style = { "--ratio": String(ratio), "--at": `${at}%` };
  return (
    <div class="curtain" style={style as CSSProperties}>
      {/* The range below does the same by keyboard. */}
      <div class="frame" {...handlers}>
        <Side name="after" photo={pair.after} sharp={sharp} onThumb={onThumb} />
        <Side name="before" photo={pair.before} sharp={sharp} onThumb={onThumb} />
        <span class="grip" aria-hidden="true">
          <Icon name="compare" size={24} />
        </span>
      </div>
      <input
        type="range"
        class="divider"
        min={0}
        max={100}
        step={2}
        value={at}
        aria-label={words.track.compareSlider}
        aria-valuetext={words.track.compareValue(Math.round(at))}
        onInput={(event) => setAt(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

/** One of the two photos: the small copy first, the large one over it when the line allows. */
function Side(props: {
  name: "before" | "after";
  photo: Photo;
  sharp: boolean;
  onThumb: () => void;
}) {
  const { words } = useWords();
  const { name, photo, sharp } = props;
  const blur = thumbhashUrl(photo.thumbhash);
  const image = useRef<HTMLImageElement>(null);
  const { onThumb } = props;
  useEffect(() => {
    // A picture from the browser's memory may have been there before anybody listened.
    if (image.current?.complete) onThumb();
  }, [onThumb]);
  return (
    <div class={`side ${name}`} style={blur === null ? {} : { backgroundImage: `url(${blur})` }}>
      <img
        ref={image}
        src={photo.thumb_url ?? ""}
        alt={[words.phase[name], photo.caption].filter(Boolean).join(", ")}
        fetchpriority="high"
        draggable={false}
        onLoad={onThumb}
        onError={onThumb}
      />
      {sharp && photo.display_url && <img src={photo.display_url} alt="" draggable={false} />}
      <span class="chip" aria-hidden="true">
        {words.phase[name]}
      </span>
    </div>
  );
}
