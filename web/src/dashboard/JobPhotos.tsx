import { useCallback, useState } from "preact/hooks";
import { deletePhoto } from "../api/calls";
import type { Api } from "../api/client";
import { Notice, ProblemNotice } from "../parts/Notice";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGrid, PhotoGridSkeleton } from "../photos/PhotoGrid";
import { usePhotos } from "../photos/usePhotos";
import { UploadDrop, UploadList, useJobUploads } from "../upload/Uploader";
import type { Uploads } from "../upload/uploads";
import { useWords } from "../words";
import { PhotoTools } from "./PhotoTools";

/** The drawer's photos and what adds to them. */
export function JobPhotos(props: { api: Api; uploads: Uploads; jobId: string }) {
  const { words } = useWords();
  const { api, uploads, jobId } = props;
  const photos = usePhotos(api, jobId, uploads);
  const items = useJobUploads(uploads, jobId);
  const [openId, setOpenId] = useState<string | null>(null);
  const [deleteError, setDeleteError] = useState<unknown>(null);
  const { reload } = photos;

  const remove = useCallback(
    (photoId: string) => {
      setOpenId(null);
      deletePhoto(api, jobId, photoId).then(() => {
        setDeleteError(null);
        reload();
      }, setDeleteError);
    },
    [api, jobId, reload],
  );

  const empty = photos.kind === "ready" && photos.items.length === 0 && items.length === 0;
  return (
    <section aria-labelledby="photos-title">
      <h3 id="photos-title">{words.job.photos}</h3>
      {photos.kind === "loading" && <PhotoGridSkeleton count={4} />}
      {photos.kind === "error" && <ProblemNotice error={photos.error} onRetry={reload} />}
      {photos.kind === "ready" && photos.error !== null && (
        <Notice tone="plain" text={words.errors.stale} />
      )}
      {deleteError !== null && <ProblemNotice error={deleteError} />}
      {empty && <p class="soft">{words.job.noPhotos}</p>}
      {(photos.kind === "ready" || items.length > 0) && (
        <PhotoGrid photos={photos.items} items={items} onOpen={setOpenId} onBroken={reload} />
      )}
      {photos.more && (
        <button type="button" class="button wide" onClick={photos.loadMore}>
          {words.job.tooMany}
        </button>
      )}
      <div class="uploader">
        <UploadDrop onFiles={(files) => uploads.add(jobId, files)} />
        <UploadList uploads={uploads} items={items} />
      </div>
      {openId !== null && (
        <Lightbox
          photos={photos.items}
          photoId={openId}
          onShow={setOpenId}
          onClose={() => setOpenId(null)}
          onBroken={reload}
          tools={(photo) => <PhotoTools photo={photo} onDelete={() => remove(photo.photo_id)} />}
        />
      )}
    </section>
  );
}
