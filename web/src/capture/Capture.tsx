import { useCallback, useEffect, useState } from "preact/hooks";
import { type Phase, PHASES } from "../api/types";
import { useTitle } from "../lib/useTitle";
import { Icon } from "../parts/Icon";
import { keepSetting, setting } from "../queue/database";
import type { PhotoQueue } from "../queue/photoQueue";
import { useWords } from "../words/capture";
import { CaptureBar } from "./CaptureBar";
import { firstJob, type RecentJobs } from "./choice";
import { Chooser } from "./Chooser";
import { JobPhotos } from "./JobPhotos";
import { Notices } from "./Notices";
import { type KnownJob, type Opened, targetOf } from "./open";
import { Phone } from "./Phone";
import { Shortcuts } from "./Shortcuts";
import { Truth } from "./Truth";
import { usePlace } from "./usePlace";

type Screen = "photos" | "jobs" | "phone" | "shortcuts";

/** What the address asks for: a tag ("take=before"), or the list of jobs ("view=jobs"). */
function wishes(): { phase: Phase | null; screen: Screen } {
  const query = new URLSearchParams(location.search);
  return {
    phase: PHASES.find((phase) => phase === query.get("take")) ?? null,
    screen: query.get("view") === "jobs" ? "jobs" : "photos",
  };
}

/** The open page: one job at a time, and in the thumb's reach the button that adds a photo to it. */
export function Capture({ opened, queue }: { opened: Opened; queue: PhotoQueue }) {
  const { words } = useWords();
  const [screen, setScreen] = useState<Screen>(() => wishes().screen);
  const [phase, setPhase] = useState<Phase | null>(() => wishes().phase);
  const { recent, note } = useRecentJobs();
  const [pickedId, setPickedId] = useState<string | null>(null);
  const place = usePlace();
  useTitle(words.capture.title, opened.config.company_name);

  const { jobs, link } = opened;
  const known =
    jobs.find(({ job }) => job.job_id === pickedId) ??
    (recent === null ? null : firstJob(jobs, link.jobId, recent, Date.now()));

  const add = (files: Iterable<File>, fresh: boolean) => {
    if (known === null) return;
    const target = targetOf(known);
    queue.add(files, target, { phase, fresh, place: fresh ? place.now() : null });
    note(target.jobId);
    void navigator.storage?.persist?.();
  };
  const pick = ({ job }: KnownJob) => {
    setPickedId(job.job_id);
    setScreen("photos");
  };

  if (screen === "phone") {
    return (
      <Phone
        queue={queue}
        jobs={jobs}
        place={place}
        onShortcuts={() => setScreen("shortcuts")}
        onClose={() => setScreen("photos")}
      />
    );
  }
  if (screen === "shortcuts") {
    return <Shortcuts opened={opened} job={known} onClose={() => setScreen("phone")} />;
  }
  if (known === null || screen === "jobs") {
    if (recent === null) return null;
    return (
      <main class="capture">
        <Truth queue={queue} onOpen={() => setScreen("phone")} job={null} />
        <Notices queue={queue} known={null} jobs={jobs} instead={opened.instead} />
        <Chooser jobs={jobs} recent={recent} onPick={pick} />
      </main>
    );
  }
  return (
    <main class="capture">
      <CaptureHead
        known={known}
        onChange={jobs.length > 1 ? () => setScreen("jobs") : null}
        onPhone={() => setScreen("phone")}
      />
      <JobPhotos
        key={known.job.job_id}
        api={opened.api}
        known={known}
        queue={queue}
        onPhone={() => setScreen("phone")}
      >
        <Notices queue={queue} known={known} jobs={jobs} instead={opened.instead} />
      </JobPhotos>
      <CaptureBar phase={phase} onPhase={setPhase} onFiles={add} />
    </main>
  );
}

function CaptureHead(props: {
  known: KnownJob;
  onChange: (() => void) | null;
  onPhone: () => void;
}) {
  const { words } = useWords();
  const { job } = props.known;
  return (
    <header class="capture-head">
      {props.onChange === null ? (
        <h1>{job.title}</h1>
      ) : (
        <button type="button" class="job-button" onClick={props.onChange}>
          <h1>{job.title}</h1>
          <Icon name="down" />
          <span class="unseen">{words.capture.change}</span>
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={words.capture.phone.open}
        title={words.capture.phone.open}
        onClick={props.onPhone}
      >
        <Icon name="device" size={24} />
      </button>
    </header>
  );
}

/** When photos were last taken for which job; null until the phone's store has said so. */
function useRecentJobs(): { recent: RecentJobs | null; note: (jobId: string) => void } {
  const [recent, setRecent] = useState<RecentJobs | null>(null);
  useEffect(() => {
    setting("recentJobs").then(
      (kept) => setRecent(kept ?? {}),
      () => setRecent({}),
    );
  }, []);
  const note = useCallback((jobId: string) => {
    setRecent((old) => {
      const next = { ...old, [jobId]: Date.now() };
      void keepSetting("recentJobs", next).catch(() => undefined);
      return next;
    });
  }, []);
  return { recent, note };
}
