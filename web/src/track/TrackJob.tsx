import type { Api } from "../api/client";
import type { Job, Photo } from "../api/types";
import type { Live } from "../lib/live";
import type { Pages } from "../lib/usePages";
import { Icon, StatusIcon } from "../parts/Icon";
import { Notice, ProblemNotice } from "../parts/Notice";
import { PhotoGridSkeleton } from "../photos/PhotoGrid";
import { usePhotos } from "../photos/usePhotos";
import { useWords } from "../words";
import { Gallery } from "./Gallery";
import { statusSentence } from "./sentence";

/** One job: its name, how it stands, its photos. */
export function TrackJob({ api, live, job }: { api: Api; live: Live; job: Job }) {
  const { words, language } = useWords();
  const photos = usePhotos(api, job.job_id, null, live);
  const hasPhotos = photos.items.length > 0;
  return (
    <>
      <div class="track-title">
        <h1>{job.title}</h1>
        <p class="sentence">
          <StatusIcon status={job.status} />
          {statusSentence(job, hasPhotos, new Date(), words, language)}
        </p>
      </div>
      {photos.kind === "loading" && <PhotoGridSkeleton count={SKELETON} />}
      {photos.kind === "error" && <ProblemNotice error={photos.error} onRetry={photos.reload} />}
      {photos.kind === "ready" && (
        <JobPhotos photos={photos} cancelled={job.status === "cancelled"} />
      )}
    </>
  );
}

function JobPhotos({ photos, cancelled }: { photos: Pages<Photo>; cancelled: boolean }) {
  const { words } = useWords();
  return (
    <>
      {photos.error !== null && <Notice tone="plain" text={words.errors.stale} />}
      {photos.items.length > 0 && <Gallery photos={photos.items} onBroken={photos.reload} />}
      {photos.items.length === 0 && !cancelled && (
        <div class="empty">
          <Icon name="image" size={40} />
          <p>{words.track.empty}</p>
        </div>
      )}
      {photos.more && (
        <button type="button" class="button wide" onClick={photos.loadMore}>
          {words.job.tooMany}
        </button>
      )}
    </>
  );
}

/** As many squares as any screen shows at first. */
const SKELETON = 30;

/** A job while it is on its way, in the size it will have. */
export function JobSkeleton() {
  return (
    <>
      <div class="track-title" />
      <PhotoGridSkeleton count={SKELETON} />
    </>
  );
}
