import type { Job } from "../api/types";
import { daysAhead, longDayText, timeText } from "../lib/format";
import type { Words } from "../words";

/** How a job stands, in one sentence of the kind that a person would say on the phone. */
export function statusSentence(...args: Parameters<typeof sentenceFor>): string {
  // Spanish writes "p. m." with full stops of its own.
  return sentenceFor(...args).replace(/\.\.$/, ".");
}

function sentenceFor(
  job: Pick<Job, "status" | "scheduled_for">,
  hasPhotos: boolean,
  now: Date,
  words: Words,
  language: string,
): string {
  const { track } = words;
  if (job.status === "done") return hasPhotos ? track.doneWithPhotos : track.done;
  if (job.status !== "scheduled") return track[job.status];
  const date = new Date(job.scheduled_for ?? "");
  if (Number.isNaN(date.getTime())) return track.scheduledNoDay;
  const time = timeText(date, language);
  const days = daysAhead(date, now);
  if (days === 0) return track.scheduledToday(time);
  if (days === 1) return track.scheduledTomorrow(time);
  const day = longDayText(date.toISOString(), language);
  return days > 1 ? track.scheduled(day, time) : track.scheduledPast(day);
}
