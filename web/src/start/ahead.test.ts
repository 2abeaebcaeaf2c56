import { expect, test } from "vitest";
import { jobIdOf, tokenOf } from "./ahead";

test("a_links_token_is_read_from_the_fragment_alone", () => {
  expect(tokenOf("#t=abc_-123")).toBe("abc_-123");
  expect(tokenOf("#x=1&t=abc")).toBe("abc");
  expect(tokenOf("#t=a%2Bb")).toBe("a+b");
  expect(tokenOf("#t=")).toBeNull();
  expect(tokenOf("#section")).toBeNull();
  expect(tokenOf("")).toBeNull();
});

test("a_links_job_is_read_from_the_fragment_where_it_can_be_one", () => {
  expect(jobIdOf("#t=abc&j=job_01-A")).toBe("job_01-A");
  expect(tokenOf("#t=abc&j=job_01-A")).toBe("abc");
  for (const none of [
    "#t=abc",
    "#t=abc&j=",
    "#t=abc&j=a/b",
    "#t=abc&j=a%26b",
    `#j=${"x".repeat(65)}`,
    "",
  ]) {
    expect(jobIdOf(none), none).toBeNull();
  }
});
