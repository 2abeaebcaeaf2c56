import { expect, test } from "vitest";
import type { Photo } from "../api/types";
import { daysOf, inOrderOfCapture } from "./order";

const at = (...parts: [number, number, number, number?]) => new Date(...parts).toISOString();
const photo = (photo_id: string, uploaded_at: string, taken_at: string | null = null) =>
  ({ photo_id, uploaded_at, taken_at }) as Photo;
const ids = (photos: readonly Photo[]) => photos.map(({ photo_id }) => photo_id);

const late = photo("sent late", at(2026, 10, 24, 9), at(2026, 10, 22, 23));
const noClock = photo("no clock", at(2026, 10, 23, 8));
const noon = photo("noon", at(2026, 10, 23, 13), at(2026, 10, 23, 12));
const twin = photo("twin", at(2026, 10, 23, 14), at(2026, 10, 23, 12));

test("photos_stand_in_order_of_capture_and_of_arrival_where_the_camera_says_nothing", () => {
  expect(ids(inOrderOfCapture([noClock, noon, twin, late]))).toEqual([
    "sent late",
    "no clock",
    "noon",
    "twin",
  ]);
});

test("a_day_holds_what_was_taken_on_it", () => {
  const days = daysOf(inOrderOfCapture([late, noClock, noon, twin]));
  expect(days.map(({ photos }) => ids(photos))).toEqual([
    ["sent late"],
    ["no clock", "noon", "twin"],
  ]);
  expect(daysOf([])).toEqual([]);
});
