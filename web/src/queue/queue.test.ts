import { describe, expect, test } from "vitest";
import { dueIn, isForgettable, type KeptPhoto, LEASE_MS, restingState, takenAtText } from "./kept";
import { afterTry } from "./work";

const NOW = Date.UTC(2026, 10, 26, 12);
const DAY_MS = 24 * 3_600_000;

const photo = (change: Partial<KeptPhoto> = {}): KeptPhoto => ({
  id: "a",
  linkId: "link",
  jobId: "job",
  name: "image.jpg",
  size: 1,
  contentType: "image/jpeg",
  sha256: null,
  phase: null,
  takenAt: NOW,
  clockAheadMs: null,
  place: null,
  addedAt: NOW,
  state: { kind: "waiting" },
  photoId: null,
  tries: 0,
  notBefore: 0,
  lease: null,
  ...change,
});

describe("a kept photo", () => {
  test("is_due_at_once_and_only_with_a_job_and_a_link", () => {
    expect(dueIn(photo(), NOW)).toBe(0);
    expect(dueIn(photo({ jobId: null }), NOW)).toBeNull();
    expect(dueIn(photo({ linkId: null }), NOW)).toBeNull();
    expect(dueIn(photo({ state: { kind: "safe" } }), NOW)).toBeNull();
    expect(dueIn(photo({ state: { kind: "stopped", reason: "tooBig" } }), NOW)).toBeNull();
  });

  test("waits_for_its_pause_and_for_another_sender", () => {
    expect(dueIn(photo({ notBefore: NOW + 4_000 }), NOW)).toBe(4_000);
    expect(dueIn(photo({ lease: { owner: "b", until: NOW + 3_000 } }), NOW)).toBe(3_000);
    expect(dueIn(photo({ lease: { owner: "b", until: NOW - 1 } }), NOW)).toBe(0);
    // Claimed a moment after this window looked at its clock.
    const later = photo({ lease: { owner: "b", until: NOW + LEASE_MS + 5 } });
    expect(dueIn(later, NOW)).toBe(LEASE_MS + 5);
  });

  test("is_not_locked_in_by_a_clock_that_is_set_back_a_day", () => {
    const before = photo({ notBefore: NOW + 5_000, lease: { owner: "b", until: NOW + LEASE_MS } });
    expect(dueIn(before, NOW - DAY_MS)).toBe(0);
  });

  test("is_forgotten_only_when_it_is_safe_and_a_day_old", () => {
    expect(isForgettable(photo({ state: { kind: "safe" } }), NOW + 2 * DAY_MS)).toBe(true);
    expect(isForgettable(photo({ state: { kind: "safe" } }), NOW + 1)).toBe(false);
    expect(isForgettable(photo(), NOW + 365 * DAY_MS)).toBe(false);
  });

  test("says_what_is_true_of_it_while_nobody_sends_it", () => {
    expect(restingState(photo(), NOW, true)).toEqual({ kind: "waiting" });
    expect(restingState(photo(), NOW, false)).toEqual({ kind: "noSignal" });
    const paused = photo({ tries: 1, notBefore: NOW + 1_500 });
    expect(restingState(paused, NOW, true)).toEqual({ kind: "retrying", seconds: 2 });
  });
});

describe("the time of a photo", () => {
  test("is_the_servers_when_the_phones_clock_is_a_day_off", () => {
    expect(takenAtText(NOW + DAY_MS, DAY_MS)).toBe("2026-11-26T12:00:00.000Z");
    expect(takenAtText(NOW - DAY_MS, -DAY_MS)).toBe("2026-11-26T12:00:00.000Z");
  });

  test("is_left_alone_when_the_clocks_differ_by_no_more_than_an_answers_way", () => {
    expect(takenAtText(NOW, 90_000)).toBe("2026-11-26T12:00:00.000Z");
    expect(takenAtText(null, DAY_MS)).toBeNull();
  });
});

describe("a try that did not end well", () => {
  const leased = photo({ lease: { owner: "b", until: NOW } });

  test("is_made_again_after_a_pause_that_grows_and_never_ends", () => {
    const again = { kind: "again", reason: "network", afterMs: null } as const;
    const once = afterTry(leased, again, NOW, 1);
    expect(once).toMatchObject({ tries: 1, notBefore: NOW + 1_000, lease: null });
    expect(afterTry({ ...leased, tries: 1_000 }, again, NOW, 1).notBefore).toBe(NOW + 30_000);
    expect(afterTry(leased, { ...again, afterMs: 60_000 }, NOW, 1).notBefore).toBe(NOW + 60_000);
  });

  test("is_no_try_when_the_page_was_closed", () => {
    expect(afterTry(leased, { kind: "left" }, NOW, 1)).toEqual({ ...leased, lease: null });
  });

  test("stops_with_its_reason_and_keeps_the_photo", () => {
    const stopped = afterTry(leased, { kind: "stopped", reason: "jobGone" }, NOW, 1);
    expect(stopped.state).toEqual({ kind: "stopped", reason: "jobGone" });
  });
});
