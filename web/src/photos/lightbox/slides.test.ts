import { expect, test } from "vitest";
import type { Photo } from "../../api/types";
import { en } from "../../words/en";
import { faultsOf } from "../../words/faults";
import { en as faults } from "../../words/faults/en";
import { indexAfter, mustRedraw, sentenceOf, slideOf } from "./slides";

const photo = (over: Partial<Photo>) =>
  ({ photo_id: "P1", name: "image.jpg", status: "ready", display_url: "/d?1", ...over }) as Photo;

test("a_slide_has_the_proportions_of_the_photo_and_the_size_of_the_copy_for_screens", () => {
  expect(slideOf(photo({ width: 4032, height: 3024 }))).toMatchObject({
    width: 1600,
    height: 1200,
  });
  expect(slideOf(photo({ width: 3024, height: 4032 }))).toMatchObject({
    width: 1200,
    height: 1600,
  });
  expect(slideOf(photo({ width: 640, height: 480 }))).toMatchObject({ width: 640, height: 480 });
});

test("a_photo_without_a_copy_for_screens_is_getting_ready_and_a_rejected_one_never_shows_a_picture", () => {
  expect(slideOf(photo({ display_url: null, status: "processing" })).state).toBe("preparing");
  expect(slideOf(photo({ status: "rejected" }))).toMatchObject({ state: "unshown", src: "" });
  expect(slideOf(photo({ status: "missing" }))).toMatchObject({ state: "unshown", src: "" });
});

test("a_slide_without_a_picture_says_why_and_says_it_anew_when_the_reason_is_another", () => {
  const [cut, film] = ["truncated", "format_unsupported"].map((rejection) =>
    slideOf(photo({ status: "rejected", rejection })),
  );
  if (cut === undefined || film === undefined) throw new Error("no slides");
  const told = faultsOf(faults);
  expect(sentenceOf(cut, en, told)).toBe(faults.rejection.truncated.whole);
  expect(sentenceOf(cut, en, undefined)).toBe(en.job.noPreview);
  expect(sentenceOf(slideOf(photo({ status: "missing" })), en, told)).toBe(faults.missing.whole);
  expect(sentenceOf(slideOf(photo({ display_url: null })), en, told)).toBe(en.lightbox.preparing);
  expect(mustRedraw(cut, film, false)).toBe(true);
});

test("a_picture_on_screen_stays_when_only_its_address_is_fresh_unless_the_old_one_failed", () => {
  const [shown, next] = [slideOf(photo({})), slideOf(photo({ display_url: "/d?2" }))];
  expect(mustRedraw(shown, next, false)).toBe(false);
  expect(mustRedraw(shown, next, true)).toBe(true);
  expect(mustRedraw(shown, shown, true), "the same address would fail again").toBe(false);
  expect(mustRedraw(slideOf(photo({ display_url: null })), next, false)).toBe(true);
});

test("the_open_photo_stays_open_when_the_list_changes_around_it", () => {
  const slides = ["P0", "P1", "P2"].map((photo_id) => slideOf(photo({ photo_id })));
  expect(indexAfter(slides, "P2", 1)).toBe(2);
  expect(indexAfter(slides, "gone", 1), "the next one takes its place").toBe(1);
  expect(indexAfter(slides, "gone", 9)).toBe(2);
  expect(indexAfter([], "gone", 0)).toBe(-1);
});
