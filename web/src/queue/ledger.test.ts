import { afterEach, describe, expect, test, vi } from "vitest";
import { HeldPhotos } from "./held";
import type { KeptPhoto } from "./kept";
import {
  compareEntry,
  hasEnded,
  type LedgerStatus,
  type Stored,
  unreadableEntries,
} from "./ledger";
import { MissingPhotos } from "./missing";
import { LOW_BYTES, roomOf, RoomWatch } from "./room";

const photo = (state: KeptPhoto["state"] = { kind: "waiting" }): KeptPhoto => ({
  id: "a",
  linkId: "link",
  jobId: "job",
  jobTitle: "Attic",
  name: "image.jpg",
  size: 1,
  contentType: "image/jpeg",
  sha256: null,
  phase: null,
  takenAt: null,
  clockAheadMs: null,
  place: null,
  addedAt: 0,
  state,
  photoId: null,
  tries: 0,
  notBefore: 0,
  lease: null,
});
const entry = (status: LedgerStatus) => ({ photo: photo(), status, owner: "window" });
const empty: Stored = { photos: new Map(), removed: new Set() };
const holding = (record: KeptPhoto): Stored => ({ ...empty, photos: new Map([["a", record]]) });

describe("an entry of the ledger", () => {
  test("is_missing_when_the_store_has_neither_the_photo_nor_its_end", () => {
    expect(compareEntry(entry("kept"), empty)).toBe("missing");
    expect(compareEntry(entry("lost"), empty)).toBe("missing");
    expect(compareEntry(entry("kept"), holding(photo()))).toBe("stored");
  });

  test("is_settled_when_the_photo_is_safe_or_was_removed_whatever_a_crash_left", () => {
    expect(compareEntry(entry("safe"), empty)).toBe("settled");
    expect(compareEntry(entry("removed"), empty)).toBe("settled");
    expect(compareEntry(entry("kept"), holding(photo({ kind: "safe" })))).toBe("settled");
    expect(compareEntry(entry("kept"), { ...empty, removed: new Set(["a"]) })).toBe("settled");
  });

  test("has_bytes_left_over_when_they_could_not_be_deleted", () => {
    expect(compareEntry(entry("safe"), holding(photo()))).toBe("leftover");
    expect(compareEntry(entry("removed"), holding(photo()))).toBe("leftover");
  });
});

describe("a ledger beside a store that cannot be read", () => {
  const held = (isHeld: boolean) => () => isHeld;

  test("names_each_photo_that_nobody_is_known_to_have", () => {
    const kept = entry("kept");
    expect(unreadableEntries([kept], held(false), new Set())).toEqual([kept]);
    expect(unreadableEntries([entry("lost")], held(false), new Set())).toHaveLength(1);
    expect(unreadableEntries([kept], held(true), new Set())).toEqual([]);
    expect(unreadableEntries([kept], held(false), new Set(["window"]))).toEqual([]);
    expect(unreadableEntries([entry("safe")], held(false), new Set())).toEqual([]);
    expect(unreadableEntries([entry("removed")], held(false), new Set())).toEqual([]);
  });

  test("names_them_as_perhaps_lost", () => {
    const missing = new MissingPhotos(new Map());
    missing.set([entry("kept")], false);
    expect(missing.list.get()).toMatchObject([{ certain: false }]);
  });
});

describe("a missing photo", () => {
  test("is_certainly_lost_without_a_job_to_send_it_to", () => {
    const missing = new MissingPhotos(new Map());
    const shared = { ...entry("kept"), photo: { ...photo(), jobId: null, linkId: null } };
    missing.set([shared, entry("kept")], true);
    expect(missing.list.get().map(({ certain }) => certain)).toEqual([true, false]);
    missing.set([shared], false);
    expect(missing.list.get()).toMatchObject([{ certain: false }]);
  });
});

describe("a photo that a window holds and the store has no record of", () => {
  const absent = { entry: entry("kept"), removed: false, struck: false };

  test("has_ended_when_a_person_removed_it_in_another_window", () => {
    expect(hasEnded({ ...absent, entry: entry("removed") })).toBe(true);
    expect(hasEnded({ ...absent, removed: true })).toBe(true);
    expect(hasEnded({ ...absent, entry: null, struck: true })).toBe(true);
    expect(hasEnded({ ...absent, entry: entry("safe") })).toBe(true);
  });

  test("has_not_ended_when_the_browser_dropped_the_store_or_the_ledger_as_well", () => {
    expect(hasEnded(absent)).toBe(false);
    expect(hasEnded({ ...absent, entry: null })).toBe(false);
  });

  test("is_let_go_when_it_has_ended_and_kept_for_the_store_when_not", () => {
    const held = () => {
      const photos = new HeldPhotos("window", { settled: () => undefined, isSent: () => false });
      const stopped = photo({ kind: "stopped", reason: "tooBig" });
      photos.add(stopped, new Blob());
      expect(photos.compare(new Map([["a", stopped]]), () => false)).toBe(false);
      return photos;
    };
    const removed = held();
    expect(removed.compare(new Map(), () => true)).toBe(false);
    expect(removed.all()).toEqual([]);
    const dropped = held();
    expect(dropped.compare(new Map(), () => false)).toBe(true);
    expect(dropped.unsaved()).toHaveLength(1);
  });
});

describe("the room of a phone", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("is_not_said_to_be_full_for_ever_after_the_last_refused_write", () => {
    vi.useFakeTimers();
    // A browser without estimates.
    vi.stubGlobal("navigator", {});
    let unsaved = true;
    const watch = new RoomWatch(() => unsaved);
    watch.refused();
    vi.advanceTimersByTime(60_000);
    expect(watch.room.get(), "a photo waits for room").toBe("full");
    unsaved = false;
    watch.refused();
    vi.advanceTimersByTime(10_000);
    expect(watch.room.get(), "a moment ago").toBe("full");
    // The second pause is twice as long.
    vi.advanceTimersByTime(25_000);
    expect(watch.room.get(), "nothing left to write").toBe("enough");
  });

  test("lets_a_full_phone_rest_longer_after_each_refused_write_and_at_most_four_minutes", () => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", {});
    const watch = new RoomWatch(() => true);
    for (const pause of [15, 30, 60, 120, 240, 240]) {
      watch.refused();
      // Refused together with it: that counts once.
      watch.refused();
      vi.advanceTimersByTime(pause * 1_000);
      expect(watch.mayWrite(), `${pause} s`).toBe(false);
      vi.advanceTimersByTime(1);
      expect(watch.mayWrite(), `${pause} s`).toBe(true);
    }
    watch.refused();
    watch.wake();
    vi.advanceTimersByTime(15_001);
    expect(watch.mayWrite(), "somebody looks").toBe(true);
    watch.accepted();
    watch.refused();
    vi.advanceTimersByTime(15_001);
    expect(watch.mayWrite(), "after a write").toBe(true);
  });

  test("is_low_long_before_the_end_and_never_by_a_missing_estimate", () => {
    expect(roomOf({ quota: 2 * LOW_BYTES, usage: LOW_BYTES - 1 })).toBe("enough");
    expect(roomOf({ quota: 2 * LOW_BYTES, usage: LOW_BYTES + 1 })).toBe("low");
    expect(roomOf({})).toBe("enough");
  });
});
