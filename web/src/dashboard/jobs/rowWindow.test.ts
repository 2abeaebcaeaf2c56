import { expect, test } from "vitest";
import { rowsInView } from "./rowWindow";

test("only_rows_near_the_screen_are_in_the_page_however_long_the_list", () => {
  expect(rowsInView(0, 900, 64, 10_000)).toEqual({ from: 0, to: 23 });
  expect(rowsInView(64_000, 900, 64, 10_000)).toEqual({ from: 992, to: 1023 });
  expect(rowsInView(640_000, 900, 64, 10_000)).toEqual({ from: 9_992, to: 10_000 });
});

test("a_list_below_the_screen_and_one_not_measured_yet_have_a_sane_window", () => {
  expect(rowsInView(-5_000, 900, 64, 100)).toEqual({ from: 0, to: 0 });
  expect(rowsInView(0, 900, Number.NaN, 3)).toEqual({ from: 0, to: 3 });
  expect(rowsInView(0, 900, 0, 100)).toEqual({ from: 0, to: 16 });
});
