import { useState } from "preact/hooks";
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Job } from "../api/types";
import { longDayText } from "../lib/format";
import { useTitle } from "../lib/useTitle";
import { Icon, StatusIcon } from "../parts/Icon";
import { JobPicker } from "../parts/JobPicker";
import { Notice, ProblemNotice } from "../parts/Notice";
import { useScopedJobs } from "../parts/useScopedJobs";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGrid, PhotoGridSkeleton } from "../photos/PhotoGrid";
import { usePhotos } from "../photos/usePhotos";
import type { Started } from "../start/session";
import { switchLanguage, useWords, type Words } from "../words";

/** The customer's page: who, how it stands, and the photos. */
export function Track({ started }: { started: Started }) {
  const { words } = useWords();
  const { company_name: company, company_phone: phone } = started.config;
  useTitle(company);
  return (
    <div class="track">
      <header class="track-head">
        <p class="company">{company}</p>
      </header>
      <main>
        <TrackJobs started={started} />
      </main>
      <footer class="track-foot">
        {phone && (
          <a class="button" href={`tel:${phone}`}>
            <Icon name="phone" />
            {words.track.questions(phone)}
          </a>
        )}
        <button type="button" class="text-button" onClick={switchLanguage}>
          {words.otherLanguage}
        </button>
      </footer>
    </div>
  );
}

export function TrackSkeleton() {
  return (
    <div class="track">
      <header class="track-head" />
      <main>
        <div class="track-title" />
        <PhotoGridSkeleton count={6} />
      </main>
    </div>
  );
}

/** A link may open several jobs of one customer: then they choose. */
function TrackJobs({ started }: { started: Started }) {
  const { words } = useWords();
  const scoped = useScopedJobs(started);
  const [pickedId, setPickedId] = useState<string | null>(null);
  if (scoped.kind === "loading") {
    return (
      <>
        <div class="track-title" />
        <PhotoGridSkeleton count={6} />
      </>
    );
  }
  if (scoped.kind === "error") {
    const gone = scoped.error instanceof ApiError && scoped.error.kind === "notFound";
    if (gone) return <Notice tone="plain" text={words.job.missing} />;
    return <ProblemNotice error={scoped.error} onRetry={scoped.reload} />;
  }
  const { jobs } = scoped;
  const job = jobs.length === 1 ? jobs[0] : jobs.find(({ job_id }) => job_id === pickedId);
  if (job !== undefined) {
    return (
      <>
        {jobs.length > 1 && (
          <button type="button" class="text-button" onClick={() => setPickedId(null)}>
            ← {words.track.allJobs}
          </button>
        )}
        <TrackJob key={job.job_id} api={started.api} job={job} />
      </>
    );
  }
  if (jobs.length === 0) return <p class="empty">{words.track.noJobs}</p>;
  return <JobPicker title={words.track.pickJob} jobs={jobs} onPick={setPickedId} />;
}

function TrackJob({ api, job }: { api: Api; job: Job }) {
  const { words, language } = useWords();
  const photos = usePhotos(api, job.job_id, null);
  const [openId, setOpenId] = useState<string | null>(null);
  return (
    <>
      <div class="track-title">
        <h1>{job.title}</h1>
        <p class="sentence">
          <StatusIcon status={job.status} />
          {statusSentence(job, words, language)}
        </p>
      </div>
      {photos.kind === "loading" && <PhotoGridSkeleton count={6} />}
      {photos.kind === "error" && <ProblemNotice error={photos.error} onRetry={photos.reload} />}
      {photos.kind === "ready" && (
        <>
          {photos.error !== null && <Notice tone="plain" text={words.errors.stale} />}
          {photos.items.length === 0 ? (
            <div class="empty">
              <Icon name="image" size={40} />
              <p>{words.track.empty}</p>
            </div>
          ) : (
            <section aria-label={words.track.photos}>
              <PhotoGrid
                photos={photos.items}
                items={[]}
                onOpen={setOpenId}
                onBroken={photos.reload}
              />
            </section>
          )}
          {photos.more && (
            <button type="button" class="button wide" onClick={photos.loadMore}>
              {words.job.tooMany}
            </button>
          )}
        </>
      )}
      {openId !== null && (
        <Lightbox
          photos={photos.items}
          photoId={openId}
          onShow={setOpenId}
          onClose={() => setOpenId(null)}
          onBroken={photos.reload}
        />
      )}
    </>
  );
}

/** How the job stands, in one sentence. */
function statusSentence(job: Job, words: Words, language: string): string {
  if (job.status !== "scheduled") return words.track[job.status];
  if (!job.scheduled_for) return words.track.scheduledNoDay;
  return words.track.scheduled(longDayText(job.scheduled_for, language));
}
