import { expect, test } from "vitest";
import { picked } from "./usePicked";

const order = ["a", "b", "c", "d", "e"];
const pick = (ids: string[], photoId: string, from: string | null = null) =>
  [...picked(new Set(ids), order, photoId, from)].sort().join("");

test("a_photo_is_picked_and_let_go_by_itself_and_picked_with_all_between_two", () => {
  expect(pick([], "b")).toBe("b");
  expect(pick(["a", "b"], "b")).toBe("a");
  expect(pick(["a"], "d", "b")).toBe("abcd");
  expect(pick(["e"], "b", "d")).toBe("bcde");
  expect(pick(["a"], "c", "gone"), "what is gone begins no range").toBe("ac");
});
