import { expect, test } from "vitest";
import type { Phase, Photo } from "../api/types";
import { firstPictures, frameRatio, groupsOf, pairsOf } from "./gallery";

const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
const photo = (photo_id: string, phase: Phase | null, over: Partial<Photo> = {}) =>
  ({
    photo_id,
    phase,
    thumb_url: "/t",
    uploaded_at: at(26, 20),
    status: "ready",
    ...over,
  }) as Photo;
const ids = (photos: readonly Photo[]) => photos.map(({ photo_id }) => photo_id);

test("a_job_of_several_days_is_told_by_days_and_one_of_a_day_by_its_tags", () => {
  const twoDays = [photo("a", "before", { taken_at: at(25, 9) }), photo("b", "after")];
  expect(groupsOf(twoDays).map(({ kind, photos }) => [kind, ids(photos)])).toEqual([
    ["day", ["a"]],
    ["day", ["b"]],
  ]);
  const tagged = [photo("x", "after"), photo("y", null), photo("z", "before")];
  expect(groupsOf(tagged).map((group) => group.kind === "phase" && group.phase)).toEqual([
    "before",
    "after",
    null,
  ]);
  expect(groupsOf([photo("a", null), photo("b", null)]).map(({ kind }) => kind)).toEqual(["all"]);
});

test("the_first_before_is_compared_with_the_last_after", () => {
  const photos = [
    photo("b1", "before"),
    photo("b2", "before"),
    photo("a1", "after"),
    photo("a2", "after"),
  ];
  expect(pairsOf(photos).map((pair) => ids([pair.before, pair.after]))).toEqual([["b1", "a2"]]);
});

test("photos_under_one_caption_are_pairs_of_their_own", () => {
  const photos = [
    photo("b1", "before"),
    photo("b2", "before", { caption: "Kitchen" }),
    photo("b3", "before", { caption: "Garage" }),
    photo("a1", "after", { caption: "garage " }),
    photo("a2", "after", { caption: "Kitchen" }),
    photo("a3", "after"),
  ];
  expect(pairsOf(photos).map(({ before, after }) => ids([before, after]))).toEqual([
    ["b2", "a2"],
    ["b3", "a1"],
  ]);
});

test("nothing_is_compared_with_a_photo_that_has_no_picture_or_with_nothing", () => {
  expect(pairsOf([photo("b", "before"), photo("a", "after", { thumb_url: null })])).toEqual([]);
  expect(pairsOf([photo("b", "before"), photo("d", "during")])).toEqual([]);
});

test("the_frame_suits_both_photos", () => {
  const upright = photo("b", "before", { width: 3024, height: 4032 });
  const lying = photo("a", "after", { width: 4032, height: 3024 });
  const ratio = (before: Photo, after: Photo) => frameRatio({ before, after, caption: null });
  expect(ratio(lying, lying)).toBeCloseTo(4 / 3);
  expect(ratio(upright, lying)).toBeCloseTo(1);
  expect(ratio(photo("b", "before", { width: 8000, height: 1000 }), lying)).toBeCloseTo(16 / 9);
});

test("the_first_pictures_are_those_compared_and_otherwise_the_first_tiles", () => {
  const named = (id: string, phase: Phase | null, hour: number, over: Partial<Photo> = {}) =>
    photo(id, phase, { thumb_url: `/${id}`, taken_at: at(26, hour), ...over });
  const late = named("late", null, 12);
  const early = named("early", null, 9);
  expect(firstPictures([late, named("mid", null, 10), early], 2)).toEqual(["/early", "/mid"]);
  expect(firstPictures([late, named("a", "after", 11), named("b", "before", 8)], 2)).toEqual([
    "/b",
    "/a",
  ]);
  expect(firstPictures([named("bad", null, 9, { status: "rejected" })], 2)).toEqual([]);
  expect(firstPictures([], 2)).toEqual([]);
});
