import { expect, test } from "vitest";
import { loadPages } from "./usePages";

const numbers = (last: number) => (cursor: string | undefined) => {
  const page = Number(cursor ?? 0);
  return Promise.resolve({
    items: [page * 2, page * 2 + 1],
    next: page < last ? String(page + 1) : null,
  });
};

test("cursors_are_followed_to_the_end_and_no_further", async () => {
  const { signal } = new AbortController();
  expect(await loadPages(numbers(2), 10, signal)).toEqual({
    items: [0, 1, 2, 3, 4, 5],
    more: false,
  });
});

test("a_list_without_end_is_cut_at_the_page_limit", async () => {
  const { signal } = new AbortController();
  expect(await loadPages(numbers(1_000_000), 2, signal)).toEqual({
    items: [0, 1, 2, 3],
    more: true,
  });
});
