import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/problem";
import type { Photo } from "../../api/types";
import { Deletions, UNDO_MS } from "./deletions";

const photo = (photo_id: string) => ({ photo_id }) as Photo;

/** Deletions whose server notes what it is told and refuses with `refusal`. */
function made(refusal: ApiError | null = null) {
  const sent: [string, boolean][] = [];
  const deletions = new Deletions((_jobId, photoId, keepalive) => {
    sent.push([photoId, keepalive]);
    return refusal === null ? Promise.resolve() : Promise.reject(refusal);
  });
  return { deletions, sent };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a_deleted_photo_is_hidden_at_once_and_the_server_told_when_the_time_is_over", async () => {
  const { deletions, sent } = made();
  deletions.add("j", photo("a"));
  expect(deletions.hidden.get().has("j/a")).toBe(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual([["a", false]]);
  expect(deletions.notes.get()).toEqual([]);
  deletions.noteListed("j", ["a", "b"]);
  expect(deletions.hidden.get().has("j/a"), "a late list must not show it again").toBe(true);
  deletions.noteListed("j", ["b"]);
  deletions.noteListed("other", ["a"]);
  expect(deletions.hidden.get().size, "what is gone needs no hiding").toBe(0);
});

test("undo_takes_back_the_named_one_or_the_newest_and_tells_the_server_nothing", async () => {
  const { deletions, sent } = made();
  for (const id of ["a", "b", "c"]) deletions.add("j", photo(id));
  expect(deletions.undo(deletions.notes.get()[0])?.photo_id).toBe("a");
  expect(deletions.undo()?.photo_id).toBe("c");
  expect([...deletions.hidden.get()]).toEqual(["j/b"]);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent).toEqual([["b", false]]);
  expect(deletions.undo()).toBeNull();
});

test("no_time_runs_out_while_somebody_points_at_the_notes", async () => {
  const { deletions, sent } = made();
  deletions.add("j", photo("a"));
  deletions.hold(true);
  deletions.add("j", photo("b"));
  await vi.advanceTimersByTimeAsync(10 * UNDO_MS);
  expect(sent).toEqual([]);
  deletions.hold(false);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent.map(([id]) => id)).toEqual(["a", "b"]);
});

test("leaving_the_page_sends_all_that_waits_in_a_way_that_outlives_it", async () => {
  const { deletions, sent } = made();
  deletions.add("j", photo("a"));
  deletions.add("j", photo("b"));
  await deletions.flush(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent).toEqual([
    ["a", true],
    ["b", true],
  ]);
});

test("a_failure_brings_the_photo_back_and_says_so_but_one_gone_already_is_no_failure", async () => {
  const failing = made(new ApiError("offline", 0)).deletions;
  failing.add("j", photo("a"));
  await failing.flush(false);
  expect(failing.hidden.get().size).toBe(0);
  expect(failing.notes.get()).toMatchObject([{ photo: { photo_id: "a" } }]);
  expect(failing.undo(), "there is nothing to take back").toBeNull();
  for (const note of failing.notes.get()) failing.dismiss(note);
  expect(failing.notes.get()).toEqual([]);

  const gone = made(new ApiError("notFound", 404)).deletions;
  gone.add("j", photo("a"));
  await gone.flush(false);
  expect(gone.notes.get()).toEqual([]);
  expect(gone.hidden.get().has("j/a")).toBe(true);
});
