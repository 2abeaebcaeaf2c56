import { expect, test } from "vitest";
import type { Phase, Photo } from "../../api/types";
import { tagsOf } from "./tags";

const photo = (phase: Phase | null) => ({ phase }) as Photo;

test("tags_are_counted_in_the_order_of_the_work_and_only_those_there_are", () => {
  const photos = [photo(null), photo("after"), photo("before"), photo("after")];
  expect([...tagsOf(photos)]).toEqual([
    ["before", 1],
    ["after", 2],
    ["none", 1],
  ]);
  expect(tagsOf([]).size).toBe(0);
});
