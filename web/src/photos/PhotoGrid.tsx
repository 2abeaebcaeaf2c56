import { useState } from "preact/hooks";
import type { Photo } from "../api/types";
import { Icon } from "../parts/Icon";
import type { UploadItem } from "../upload/items";
import { useWords } from "../words";
import type { Faults } from "../words/faults";
import { useViewerSoon, warmViewer } from "./lightbox/load";
import { thumbhashUrl } from "./thumbhash";
import type { FirstPictures } from "./useFirstPictures";
import { fractionSent, keyOf, type Tile, tilesOf } from "./tiles";
import { isUnshown } from "./unshown";

/** The photos of a job as square tiles, uploads under way among them. */
export function PhotoGrid(props: {
  photos: readonly Photo[];
  items: readonly UploadItem[];
  /** Where the photos are a part of more: how many stand before them, and how many there are in all. */
  before?: number;
  total?: number;
  /** While photos are picked: a press on one picks it instead of opening it. */
  picked?: ReadonlySet<string> | null;
  /** What is said of photos with faults; without it nothing is. */
  faults?: Faults | undefined;
  onOpen: (photoId: string) => void;
  /** A picture did not load: its address may have expired while the page lay open. */
  onBroken: () => void;
  /** Which pictures load before all others; without it all load as the browser likes. */
  first?: FirstPictures;
}) {
  const { before = 0, total = props.photos.length, first } = props;
  const tiles = tilesOf(props.photos, props.items);
  useViewerSoon(props.photos.length > 0);
  return (
    <ul class="photo-grid">
      {tiles.map((tile, index) => (
        <li key={keyOf(tile)}>
          {tile.kind === "photo" ? (
            <PhotoTile
              tile={tile}
              index={before + index + 1}
              total={total}
              turn={turnOf(before + index, first)}
              picked={props.picked?.has(tile.photo.photo_id) ?? null}
              faults={props.faults}
              onOpen={() => props.onOpen(tile.photo.photo_id)}
              onBroken={props.onBroken}
            />
          ) : (
            <UploadTile item={tile.item} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** `count` empty squares in the size the photos will have. */
export function PhotoGridSkeleton({ count }: { count: number }) {
  return (
    <div class="photo-grid" aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <div class="tile skeleton" key={index} />
      ))}
    </div>
  );
}

/** How the pictures of the first screen go before the others. */
interface Turn {
  urgent: boolean;
  wait: boolean;
  onSeen: (() => void) | undefined;
}

/** As the browser likes. */
const NO_TURN: Turn = { urgent: false, wait: false, onSeen: undefined };

function turnOf(place: number, first: FirstPictures | undefined): Turn {
  if (first === undefined) return NO_TURN;
  const urgent = place < first.count;
  return { urgent, wait: !urgent && !first.seen, onSeen: first.onSeen };
}

/** One photo that the server has. */
export function PhotoTile(props: {
  tile: Extract<Tile, { kind: "photo" }>;
  index: number;
  total: number;
  turn?: Turn;
  /** Null while nobody picks. */
  picked?: boolean | null;
  faults?: Faults | undefined;
  onOpen: () => void;
  onBroken: () => void;
}) {
  const { words } = useWords();
  const { photo, preview } = props.tile;
  const { turn = NO_TURN, picked = null } = props;
  const src = tileSrc(photo, preview);
  const [brokenSrc, setBrokenSrc] = useState<string | null>(null);
  const broken = src !== null && brokenSrc === src;
  const blur = turn.wait ? null : thumbhashUrl(photo.thumbhash);
  const phase = photo.phase ? words.phase[photo.phase] : null;
  const hidden = photo.hidden ? words.job.hidden : null;
  const damaged = photo.damaged ? props.faults?.damaged.short : null;
  const number = words.job.photoNumber(props.index, props.total);
  return (
    <div class="tile" style={blur === null ? {} : { backgroundImage: `url(${blur})` }}>
      <button
        type="button"
        data-photo-id={photo.photo_id}
        aria-pressed={picked ?? undefined}
        onClick={props.onOpen}
        onPointerEnter={warmViewer}
        onFocus={warmViewer}
      >
        {src === null || broken || turn.wait ? (
          <span class="unseen">{number}</span>
        ) : (
          <TilePicture
            src={src}
            alt={[photo.caption, phase, hidden, damaged, number].filter(Boolean).join(", ")}
            turn={turn}
            onBroken={() => {
              setBrokenSrc(src);
              props.onBroken();
            }}
          />
        )}
      </button>
      <TileMarks
        photo={photo}
        picked={picked}
        faults={props.faults}
        broken={broken}
        bare={src === null && !photo.thumbhash}
      />
    </div>
  );
}

/** What lies over a tile: why there is no picture, the tag, whether it is picked, hidden, and all there. */
function TileMarks(props: {
  photo: Photo;
  picked: boolean | null;
  faults: Faults | undefined;
  broken: boolean;
  bare: boolean;
}) {
  const { words } = useWords();
  const { photo, picked, faults } = props;
  const unshown = isUnshown(photo);
  return (
    <>
      {unshown && (
        <NoPreview
          text={faults?.unshown(photo).short ?? words.job.noPreview}
          lost={photo.status === "missing"}
        />
      )}
      {!unshown && props.bare && <NoPreview text={words.job.preparing} />}
      {props.broken && <NoPreview text={words.job.noPreview} />}
      {photo.phase && <span class={`chip ${photo.phase}`}>{words.phase[photo.phase]}</span>}
      {picked !== null && (
        <span class="picked-mark">{picked && <Icon name="check" size={24} />}</span>
      )}
      {photo.hidden && (
        <span class="hidden-mark" title={words.job.hidden}>
          <Icon name="unseen" size={16} />
        </span>
      )}
      {faults && photo.damaged && (
        <span class="damaged-mark" title={faults.damaged.short}>
          <Icon name="alert" size={16} />
        </span>
      )}
    </>
  );
}

function TilePicture(props: { src: string; alt: string; turn: Turn; onBroken: () => void }) {
  const { urgent, onSeen } = props.turn;
  return (
    <img
      src={props.src}
      alt={props.alt}
      loading={urgent ? "eager" : "lazy"}
      fetchpriority={urgent ? "high" : "auto"}
      decoding="async"
      onLoad={onSeen}
      onError={() => {
        onSeen?.();
        props.onBroken();
      }}
    />
  );
}

/** What a tile shows: never the original, which may be large and in a format that the browser does not know. */
function tileSrc(photo: Photo, preview: string | null): string | null {
  if (isUnshown(photo)) return null;
  return photo.thumb_url ?? preview ?? photo.display_url ?? null;
}

function UploadTile({ item }: { item: UploadItem }) {
  const { words } = useWords();
  const failed = item.state.kind === "failed";
  return (
    <div class="tile">
      {item.preview !== null && <img src={item.preview} alt={words.upload.progress(item.name)} />}
      {item.state.kind !== "stored" && (
        <div class="ring" aria-hidden="true">
          {failed ? <Icon name="alert" size={28} /> : <Ring fraction={fractionSent(item)} />}
        </div>
      )}
    </div>
  );
}

function NoPreview({ text, lost }: { text: string; lost?: boolean }) {
  return (
    <div class={lost ? "no-preview lost" : "no-preview"}>
      <Icon name={lost ? "alert" : "image"} size={28} />
      {text}
    </div>
  );
}

const RADIUS = 18;
const AROUND = 2 * Math.PI * RADIUS;

function Ring({ fraction }: { fraction: number }) {
  return (
    <svg aria-hidden="true" width="48" height="48" viewBox="0 0 48 48">
      <circle class="track" cx="24" cy="24" r={RADIUS} />
      <circle
        class="bar"
        cx="24"
        cy="24"
        r={RADIUS}
        transform="rotate(-90 24 24)"
        stroke-dasharray={AROUND}
        stroke-dashoffset={AROUND * (1 - fraction)}
      />
    </svg>
  );
}
