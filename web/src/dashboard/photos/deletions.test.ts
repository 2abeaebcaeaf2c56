import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/problem";
import type { Photo } from "../../api/types";
import { Deletions, UNDO_MS } from "./deletions";

const photo = (photo_id: string) => ({ photo_id }) as Photo;
const idsOf = (photos: readonly Photo[]) => photos.map(({ photo_id }) => photo_id);

/** Deletions whose server notes what it is told and refuses what `refusals` names. */
function made(refusals: Record<string, ApiError> = {}) {
  const sent: [string, boolean][] = [];
  const deletions = new Deletions((_jobId, photoId, keepalive) => {
    sent.push([photoId, keepalive]);
    const refusal = refusals[photoId];
    return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
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
  deletions.add("j", [photo("a")]);
  expect(deletions.hidden.get().has("j/a")).toBe(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual([["a", false]]);
  expect(deletions.notes.get()).toEqual([]);
  deletions.noteListed("j", ["a", "b"]);
  expect(deletions.hidden.get().has("j/a"), "a late list must not show it again").toBe(true);
  deletions.noteListed("other", ["b"]);
  deletions.noteListed("j", ["b"]);
  expect(deletions.hidden.get().size, "what is gone needs no hiding").toBe(0);
});

test("undo_takes_back_the_named_one_or_the_newest_and_tells_the_server_nothing", async () => {
  const { deletions, sent } = made();
  for (const id of ["a", "b", "c"]) deletions.add("j", [photo(id)]);
  expect(idsOf(deletions.undo(deletions.notes.get()[0]))).toEqual(["a"]);
  expect(idsOf(deletions.undo())).toEqual(["c"]);
  expect([...deletions.hidden.get()]).toEqual(["j/b"]);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent).toEqual([["b", false]]);
  expect(deletions.undo()).toEqual([]);
});

test("photos_deleted_together_come_back_together", () => {
  const { deletions } = made();
  deletions.add("j", []);
  deletions.add("j", [photo("a"), photo("b")]);
  expect(deletions.notes.get()).toHaveLength(1);
  expect(idsOf(deletions.undo())).toEqual(["a", "b"]);
  expect(deletions.hidden.get().size).toBe(0);
});

test("no_time_runs_out_while_somebody_points_at_the_notes", async () => {
  const { deletions, sent } = made();
  deletions.add("j", [photo("a")]);
  deletions.hold(true);
  deletions.add("j", [photo("b")]);
  await vi.advanceTimersByTimeAsync(10 * UNDO_MS);
  expect(sent).toEqual([]);
  deletions.hold(false);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent.map(([id]) => id)).toEqual(["a", "b"]);
});

test("leaving_the_page_sends_all_that_waits_in_a_way_that_outlives_it", async () => {
  const { deletions, sent } = made();
  deletions.add("j", [photo("a")]);
  deletions.add("j", [photo("b")]);
  await deletions.flush(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent).toEqual([
    ["a", true],
    ["b", true],
  ]);
});

test("a_failure_brings_its_photos_back_and_says_so_but_one_gone_already_is_no_failure", async () => {
  const refusals = { a: new ApiError("offline", 0), c: new ApiError("notFound", 404) };
  const { deletions, sent } = made(refusals);
  deletions.add("j", [photo("a"), photo("b"), photo("c")]);
  await deletions.flush(false);
  expect([...deletions.hidden.get()].sort()).toEqual(["j/b", "j/c"]);
  const [note] = deletions.notes.get();
  expect(note?.error).toBe(refusals.a);
  expect(idsOf(note?.photos ?? [])).toEqual(["a"]);
  expect(deletions.undo(), "there is nothing to take back").toEqual([]);

  sent.length = 0;
  if (note !== undefined) deletions.retry(note);
  expect(deletions.hidden.get().has("j/a")).toBe(true);
  await deletions.flush(false);
  expect(sent).toEqual([["a", false]]);
  for (const failed of deletions.notes.get()) deletions.dismiss(failed);
  expect(deletions.notes.get()).toEqual([]);
});
