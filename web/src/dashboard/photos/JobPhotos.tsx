import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Photo } from "../../api/types";
import type { Pages } from "../../lib/usePages";
import { useStore } from "../../lib/store";
import { Notice, ProblemNotice } from "../../parts/Notice";
import { Lightbox } from "../../photos/Lightbox";
import { inOrderOfCapture } from "../../photos/order";
import { PhotoGridSkeleton } from "../../photos/PhotoGrid";
import { useJobUploads } from "../../upload/Uploader";
import { useWords } from "../../words";
import { useFaults } from "../../words/faults";
import type { Desk } from "../desk";
import { DayGrids, focusTile } from "./DayGrids";
import { deletionKey } from "./deletions";
import { DownloadAll } from "./Download";
import { PhotoTools } from "./PhotoTools";
import { PickedBar } from "./PickedBar";
import { TagFilterBar, useTagFilter } from "./TagFilter";
import { UndoNotes } from "./UndoNotes";
import { UploadPanel } from "./UploadPanel";
import { type Picked, usePicked } from "./usePicked";
import { usePhotoChanges } from "./usePhotoChanges";

/** The drawer's photos and what adds to them. */
export function JobPhotos(props: { desk: Desk; jobId: string; photos: Pages<Photo> }) {
  const { desk, jobId, photos } = props;
  const { uploads, deletions } = desk;
  const all = useShownPhotos(desk, jobId, photos);
  const items = useJobUploads(uploads, jobId);
  const [openId, setOpenId] = useOpenPhoto();
  const { shown, ...filter } = useTagFilter(all, openId);
  const picked = usePicked(shown);
  const faults = useFaults();
  const changes = usePhotoChanges(desk.api, jobId, photos);

  const remove = (photo: Photo) => {
    const at = shown.findIndex(({ photo_id }) => photo_id === photo.photo_id);
    const neighbour = shown[at + 1] ?? shown[at - 1] ?? null;
    deletions.add(jobId, [photo]);
    if (openId === null) focusTile(neighbour?.photo_id ?? null);
    // Without a neighbour the large photo closes by itself.
    else if (neighbour !== null) setOpenId(neighbour.photo_id);
  };
  const removePicked = () => {
    deletions.add(jobId, picked.photos);
    picked.end();
    focusTile(null);
  };
  return (
    <section aria-labelledby="photos-title" class="job-photos">
      <PhotosHead desk={desk} jobId={jobId} count={all.length} picked={picked} />
      <PhotosState photos={photos} empty={all.length === 0 && items.length === 0} />
      <TagFilterBar filter={filter} total={all.length} />
      {(shown.length > 0 || items.length > 0) && (
        <DayGrids
          photos={shown}
          items={items}
          picked={picked}
          onOpen={setOpenId}
          onDelete={remove}
          onBroken={photos.reload}
        />
      )}
      <MorePhotos photos={photos} />
      {picked.ids === null ? (
        <UploadPanel uploads={uploads} jobId={jobId} items={items} />
      ) : (
        <PickedBar picked={picked} changes={changes} onDelete={removePicked} />
      )}
      {openId !== null && (
        <Lightbox
          photos={shown}
          photoId={openId}
          onShow={setOpenId}
          onClose={() => setOpenId(null)}
          onBroken={photos.reload}
          faults={faults}
          tools={(photo) => (
            <>
              <UndoNotes
                deletions={deletions}
                inLightbox
                onBack={(back) => setOpenId(back.photo_id)}
              />
              <PhotoTools photo={photo} changes={changes} onDelete={() => remove(photo)} />
            </>
          )}
        />
      )}
    </section>
  );
}

/** What stands above the grid, or in its place. */
function PhotosState({ photos, empty }: { photos: Pages<Photo>; empty: boolean }) {
  const { words } = useWords();
  if (photos.kind === "loading") return <PhotoGridSkeleton count={4} />;
  if (photos.kind === "error")
    return <ProblemNotice error={photos.error} onRetry={photos.reload} />;
  if (photos.error !== null) return <Notice tone="plain" text={words.errors.stale} />;
  return empty ? <p class="soft">{words.job.noPhotos}</p> : null;
}

function MorePhotos({ photos }: { photos: Pages<Photo> }) {
  const { words } = useWords();
  if (!photos.more) return null;
  return (
    <button type="button" class="button wide" onClick={photos.loadMore}>
      {words.job.tooMany}
    </button>
  );
}

/** How many there are, and what is done with all of them. */
function PhotosHead(props: { desk: Desk; jobId: string; count: number; picked: Picked }) {
  const { words } = useWords();
  const { desk, jobId, count, picked } = props;
  const picking = picked.ids !== null;
  return (
    <div class="section-head">
      <h3 id="photos-title" tabIndex={-1}>
        {words.job.photos}
        {count > 0 && <span class="soft"> {count}</span>}
      </h3>
      {picking && (
        <button type="button" class="text-button" onClick={picked.all}>
          {words.picked.all}
        </button>
      )}
      {(count > 0 || picking) && (
        <button
          type="button"
          class="text-button"
          aria-pressed={picking}
          onClick={picking ? picked.end : picked.begin}
        >
          {picking ? words.picked.done : words.picked.begin}
        </button>
      )}
      {count > 0 && !picking && <DownloadAll config={desk.config} jobId={jobId} />}
    </div>
  );
}

/** The photos as they are to be seen: in order of capture, without the deleted ones. */
function useShownPhotos(desk: Desk, jobId: string, photos: Pages<Photo>): readonly Photo[] {
  const { deletions, list } = desk;
  const hidden = useStore(deletions.hidden);
  const { items, kind, reload } = photos;
  useEffect(() => {
    if (kind !== "ready") return;
    deletions.noteListed(
      jobId,
      items.map((photo) => photo.photo_id),
    );
  }, [deletions, jobId, items, kind]);
  useEffect(
    () =>
      deletions.onDone((doneIn) => {
        if (doneIn === jobId) reload();
      }),
    [deletions, jobId, reload],
  );

  // The row in the list follows what the drawer learns: how many there are, and the newest one's small copy.
  const ready = items.filter((photo) => photo.status === "ready").length;
  useEffect(() => {
    if (kind === "ready") void list.refreshJob(jobId);
  }, [list, jobId, kind, items.length, ready]);

  return useMemo(
    () =>
      inOrderOfCapture(items).filter((photo) => !hidden.has(deletionKey(jobId, photo.photo_id))),
    [items, hidden, jobId],
  );
}

/** Which photo is open large. When it closes and its tile is gone, the heading has the focus. */
function useOpenPhoto() {
  const [openId, setOpenId] = useState<string | null>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    const closed = openId === null && wasOpen.current;
    wasOpen.current = openId !== null;
    if (closed && document.activeElement === document.body) focusTile(null);
  }, [openId]);
  return [openId, setOpenId] as const;
}
