import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api/client";
import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGridSkeleton, PhotoTile } from "../photos/PhotoGrid";
import { keyOf, tilesOf } from "../photos/tiles";
import { usePhotos } from "../photos/usePhotos";
import type { PhotoQueue, QueueItem } from "../queue/photoQueue";
import { useWords } from "../words/capture";
import { useFaults } from "../words/faults";
import type { KnownJob } from "./open";
import { QueueTile } from "./QueueTile";
import { Truth } from "./Truth";

/** The truth about the photos, and the photos: those of this job on the phone and on the server, the newest first. */
export function JobPhotos(props: {
  api: Api;
  known: KnownJob;
  queue: PhotoQueue;
  onPhone: () => void;
  children: ComponentChildren;
}) {
  const { words } = useWords();
  const faults = useFaults();
  const { queue } = props;
  const { job_id: jobId } = props.known.job;
  const photos = usePhotos(props.api, jobId, queue);
  const items = useStore(queue.items).filter((item) => item.jobId === jobId);
  const [openId, setOpenId] = useState<string | null>(null);
  const tiles = tilesOf(photos.items, items).reverse();
  const quiet = photos.kind !== "loading" && tiles.length === 0;
  return (
    <>
      <Truth queue={queue} job={{ jobId, listed: photos.items.length }} onOpen={props.onPhone} />
      <div class="capture-middle">
        {props.children}
        {photos.error !== null && <Notice tone="plain" text={words.capture.listOld} />}
        {quiet && (
          <div class="empty">
            <Icon name="camera" size={40} />
            <p>{words.job.noPhotosCrew}</p>
          </div>
        )}
        {photos.kind === "loading" && tiles.length === 0 && <PhotoGridSkeleton count={6} />}
        <ul class="photo-grid">
          {tiles.map((tile, index) => (
            <li key={keyOf(tile)}>
              {tile.kind === "photo" ? (
                <PhotoTile
                  tile={tile}
                  index={tiles.length - index}
                  total={photos.items.length}
                  faults={faults}
                  onOpen={() => setOpenId(tile.photo.photo_id)}
                  onBroken={photos.reload}
                />
              ) : (
                <QueueTile item={tile.item as QueueItem} onOpen={props.onPhone} />
              )}
            </li>
          ))}
        </ul>
        {photos.more && (
          <button type="button" class="button wide" onClick={photos.loadMore}>
            {words.job.tooMany}
          </button>
        )}
      </div>
      {openId !== null && (
        <Lightbox
          photos={photos.items}
          photoId={openId}
          onShow={setOpenId}
          faults={faults}
          onClose={() => setOpenId(null)}
          onBroken={photos.reload}
        />
      )}
    </>
  );
}
