import { expect, test } from "vitest";
import { tokenOf } from "./ahead";

test("a_links_token_is_read_from_the_fragment_alone", () => {
  expect(tokenOf("#t=abc_-123")).toBe("abc_-123");
  expect(tokenOf("#x=1&t=abc")).toBe("abc");
  expect(tokenOf("#t=a%2Bb")).toBe("a+b");
  expect(tokenOf("#t=")).toBeNull();
  expect(tokenOf("#section")).toBeNull();
  expect(tokenOf("")).toBeNull();
});
