import { expect, test } from "vitest";
import type { JobStatus } from "../api/types";
import { en } from "../words/en";
import { es } from "../words/es";
import { statusSentence } from "./sentence";

const now = new Date(2026, 10, 26, 12, 0);
const day = (date: number) => new Date(2026, 10, date, 9, 0).toISOString();
const say = (status: JobStatus, scheduled_for: string | null = null, hasPhotos = false) =>
  statusSentence({ status, scheduled_for }, hasPhotos, now, en, "en").replace(/\s/g, " ");

test("a_booked_job_says_when_in_the_words_of_a_person", () => {
  expect(say("scheduled", day(26))).toBe("We're coming today at 9:00 AM.");
  expect(say("scheduled", day(27))).toBe("We're coming tomorrow at 9:00 AM.");
  expect(say("scheduled", day(30))).toBe("We're coming on Monday, November 30 at 9:00 AM.");
  expect(say("scheduled", day(24))).toContain("was planned for Tuesday, November 24");
  expect(say("scheduled")).toContain("We'll be in touch");
  expect(say("scheduled", "soon")).toContain("We'll be in touch");
});

test("a_job_that_is_done_points_to_its_photos_only_when_there_are_any", () => {
  expect(say("done", null, true)).toContain("turned out");
  expect(say("done")).toBe("Your job is done.");
});

test("a_time_that_ends_in_a_full_stop_ends_the_sentence", () => {
  const job = { status: "scheduled", scheduled_for: day(27) } as const;
  const text = statusSentence(job, false, now, es, "es-MX");
  expect(text).toMatch(/^Vamos mañana a las 9:00.*[^.]\.$/);
});

test("spanish_says_the_same", () => {
  const job = { status: "scheduled", scheduled_for: day(30) } as const;
  const text = statusSentence(job, false, now, es, "es");
  expect(text).toBe("Vamos el lunes, 30 de noviembre a las 9:00.");
});
