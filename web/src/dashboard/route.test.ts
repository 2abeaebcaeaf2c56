import { expect, test } from "vitest";
import { jobOf, jobPath } from "./route";

test("a_drawers_address_names_its_job_and_nothing_else_opens_one", () => {
  expect(jobOf(jobPath("job-1_A"))).toBe("job-1_A");
  expect(jobOf(jobPath("a/b ü"))).toBe("a/b ü");
  expect(jobOf("/dashboard/jobs/x/")).toBe("x");
  expect(jobOf("/dashboard/")).toBeNull();
  expect(jobOf("/dashboard/jobs/")).toBeNull();
  expect(jobOf("/dashboard/jobs/%")).toBeNull();
});
