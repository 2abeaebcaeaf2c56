import { deletePhoto, openEvents } from "../api/calls";
import { Live } from "../lib/live";
import type { Started } from "../start/session";
import { Uploads } from "../upload/uploads";
import type { JobList } from "./jobs/jobList";
import { createJobList } from "./jobs/useJobs";
import { Deletions } from "./photos/deletions";

/** What the whole dashboard works with, for as long as somebody is signed in. */
export interface Desk extends Started {
  list: JobList;
  live: Live;
  uploads: Uploads;
  deletions: Deletions;
}

export function createDesk(started: Started): Desk {
  const { api } = started;
  return {
    ...started,
    list: createJobList(api),
    live: new Live((signal) => openEvents(api, signal)),
    uploads: new Uploads(api),
    deletions: new Deletions((jobId, photoId, keepalive) =>
      deletePhoto(api, jobId, photoId, keepalive),
    ),
  };
}

/** Keeps the desk at work; returns what ends it. */
export function openDesk({ live, uploads, list, deletions }: Desk): () => void {
  const stops = [
    live.start(),
    uploads.onStored((jobId) => void list.refreshJob(jobId)),
    deletions.onDone((jobId) => void list.refreshJob(jobId)),
  ];
  // What was deleted stays deleted when the page is left before its time is over.
  const onHide = () => void deletions.flush(true);
  window.addEventListener("pagehide", onHide);
  return () => {
    window.removeEventListener("pagehide", onHide);
    for (const stop of stops) stop();
  };
}
