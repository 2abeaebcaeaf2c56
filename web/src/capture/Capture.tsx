import { useMemo, useRef, useState } from "preact/hooks";
import type { Job } from "../api/types";
import { useTitle } from "../lib/useTitle";
import { Icon } from "../parts/Icon";
import { JobPicker } from "../parts/JobPicker";
import { Notice, ProblemNotice } from "../parts/Notice";
import { useScopedJobs } from "../parts/useScopedJobs";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGrid, PhotoGridSkeleton } from "../photos/PhotoGrid";
import { safeCount } from "../photos/tiles";
import { usePhotos } from "../photos/usePhotos";
import type { Started } from "../start/session";
import { summarise } from "../upload/items";
import { FileInput, UploadList, useJobUploads } from "../upload/Uploader";
import { Uploads } from "../upload/uploads";
import { useWords, type Words } from "../words";

/** The crew's page: the job, the truth about its photos, and the button that adds one. */
export function Capture({ started }: { started: Started }) {
  const { words } = useWords();
  const uploads = useMemo(() => new Uploads(started.api), [started.api]);
  const scoped = useScopedJobs(started);
  const [pickedId, setPickedId] = useState<string | null>(null);
  useTitle(words.capture.title, started.config.company_name);
  if (scoped.kind === "loading") return <CaptureSkeleton />;
  if (scoped.kind === "error") {
    return (
      <main class="capture">
        <ProblemNotice error={scoped.error} onRetry={scoped.reload} />
      </main>
    );
  }
  const { jobs } = scoped;
  const job = jobs.length === 1 ? jobs[0] : jobs.find(({ job_id }) => job_id === pickedId);
  if (job === undefined) {
    return (
      <main class="capture">
        {jobs.length === 0 ? (
          <p class="empty">{words.capture.noJobs}</p>
        ) : (
          <JobPicker title={words.capture.pickJob} jobs={jobs} onPick={setPickedId} />
        )}
      </main>
    );
  }
  return (
    <CaptureJob
      key={job.job_id}
      started={started}
      uploads={uploads}
      job={job}
      onChange={jobs.length > 1 ? () => setPickedId(null) : null}
    />
  );
}

export function CaptureSkeleton() {
  return (
    <main class="capture">
      <header class="capture-head" />
      <PhotoGridSkeleton count={6} />
    </main>
  );
}

function CaptureJob(props: {
  started: Started;
  uploads: Uploads;
  job: Job;
  onChange: (() => void) | null;
}) {
  const { words } = useWords();
  const { uploads, job } = props;
  const photos = usePhotos(props.started.api, job.job_id, uploads);
  const items = useJobUploads(uploads, job.job_id);
  const [openId, setOpenId] = useState<string | null>(null);
  const truth = truthOf(items, safeCount(photos.items, items), words);
  const empty = photos.kind === "ready" && photos.items.length === 0 && items.length === 0;
  return (
    <main class="capture">
      <header class="capture-head">
        <h1>{job.title}</h1>
        {props.onChange && (
          <button type="button" class="text-button" onClick={props.onChange}>
            {words.capture.change}
          </button>
        )}
      </header>
      {photos.kind !== "loading" && <Notice {...truth} />}
      <div class="capture-middle">
        {photos.kind === "loading" && <PhotoGridSkeleton count={6} />}
        {photos.kind === "error" && <ProblemNotice error={photos.error} onRetry={photos.reload} />}
        {empty && (
          <div class="empty">
            <Icon name="camera" size={40} />
            <p>{words.job.noPhotosCrew}</p>
          </div>
        )}
        {summarise(items).stored < items.length && <UploadList uploads={uploads} items={items} />}
        <PhotoGrid
          photos={photos.items}
          items={items}
          onOpen={setOpenId}
          onBroken={photos.reload}
        />
      </div>
      <CaptureButtons onFiles={(files) => uploads.add(job.job_id, files)} />
      {openId !== null && (
        <Lightbox
          photos={photos.items}
          photoId={openId}
          onShow={setOpenId}
          onClose={() => setOpenId(null)}
          onBroken={photos.reload}
        />
      )}
    </main>
  );
}

/** In the thumb's reach: the camera, and beside it the library. */
function CaptureButtons({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const { words } = useWords();
  const camera = useRef<HTMLInputElement>(null);
  const library = useRef<HTMLInputElement>(null);
  return (
    <div class="capture-buttons">
      <button type="button" class="button main" onClick={() => camera.current?.click()}>
        <Icon name="camera" size={24} />
        {words.capture.takePhoto}
      </button>
      <button type="button" class="button" onClick={() => library.current?.click()}>
        <Icon name="image" size={24} />
        {words.capture.library}
      </button>
      <FileInput input={camera} camera onFiles={onFiles} />
      <FileInput input={library} onFiles={onFiles} />
    </div>
  );
}

/** What is safe and what is not, in one sentence. */
function truthOf(
  items: Parameters<typeof summarise>[0],
  safe: number,
  words: Words,
): Pick<Parameters<typeof Notice>[0], "tone" | "text" | "icon"> {
  const { failed, active, noSignal } = summarise(items);
  const here = failed + active;
  if (noSignal > 0) return { tone: "local", text: words.capture.onlyHereNoSignal(here) };
  if (active > 0) return { tone: "local", text: words.capture.onlyHere(here) };
  if (failed > 0) return { tone: "bad", text: words.capture.onlyHereFailed(failed) };
  if (safe === 0) return { tone: "plain", text: words.capture.nothingYet, icon: "image" };
  return { tone: "safe", text: words.capture.allSafe(safe) };
}
