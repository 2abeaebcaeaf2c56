import { expect, test } from "vitest";
import type { Job, Link, Photo } from "../../api/types";
import { historyOf } from "./history";

const at = (day: number, hour = 12) => new Date(2026, 10, day, hour).toISOString();
const job = { created_at: at(1) } as Job;
const photo = (day: number, hour: number) => ({ uploaded_at: at(day, hour) }) as Photo;
const link = (role: Link["role"], made: number, more: Partial<Link> = {}) =>
  ({ role, created_at: at(made), expires_at: at(28), ...more }) as Link;

test("a_jobs_history_is_told_from_the_newest_and_counts_photos_by_the_day_they_came", () => {
  const photos = [photo(2, 9), photo(2, 17), photo(2, 11), photo(4, 8)];
  expect(historyOf(job, photos, [], new Date(2026, 10, 5))).toEqual([
    { kind: "photos", at: at(4, 8), count: 1 },
    { kind: "photos", at: at(2, 17), count: 3 },
    { kind: "added", at: at(1) },
  ]);
});

test("links_are_made_turned_off_or_ended_and_staffs_own_are_nobodys_business", () => {
  const links = [
    link("customer", 2, { revoked_at: at(3) }),
    link("crew", 2, { expires_at: at(4) }),
    link("crew", 5),
    link("staff", 6),
  ];
  const told = historyOf(job, [], links, new Date(2026, 10, 10));
  expect(told.map((event) => [event.kind, "role" in event ? event.role : ""])).toEqual([
    ["linkMade", "crew"],
    ["linkEnded", "crew"],
    ["linkOff", "customer"],
    ["linkMade", "customer"],
    ["linkMade", "crew"],
    ["added", ""],
  ]);
});
