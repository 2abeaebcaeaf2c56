import { expect, test } from "vitest";
import { ApiError } from "../../api/problem";
import type { Job } from "../../api/types";
import { appended, EVERYTHING, isBelow, JobList, type JobSource, withNewest } from "./jobList";

/** Job number `n` of a list in which higher numbers are newer; a page's cursor is the number it begins below. */
const job = (n: number, more: Partial<Job> = {}): Job =>
  ({
    job_id: `job-${String(n).padStart(3, "0")}`,
    title: `Job ${n}`,
    status: "scheduled",
    created_at: new Date(n * 1000).toISOString(),
    ...more,
  }) as Job;
const jobs = (...numbers: number[]) => numbers.map((n) => job(n));
const numbersOf = (list: readonly Job[]) => list.map(({ job_id }) => Number(job_id.slice(4)));

/** A server with jobs `count` to 1, in pages of two, that can get more of them. */
function serverOf(count: number) {
  const server = { count, asked: [] as (string | null)[] };
  const source: JobSource = {
    page: (_filter, cursor) => {
      server.asked.push(cursor);
      const from = cursor === null ? server.count : Number(cursor) - 1;
      const items = jobs(from, from - 1).filter((one) => one.title !== "Job 0" && from > 0);
      return Promise.resolve({ items, next: from > 2 ? String(from - 1) : null });
    },
    one: (jobId) => Promise.resolve(job(Number(jobId.slice(4)), { photo_count: 7 })),
  };
  return { server, list: new JobList(source) };
}

test("the_newest_job_stands_first_and_ids_decide_between_equals", () => {
  expect(isBelow(job(1), job(2))).toBe(true);
  expect(isBelow(job(2), job(1))).toBe(false);
  const twins = [job(1, { created_at: job(2).created_at ?? null }), job(2)] as const;
  expect(isBelow(twins[0], twins[1])).toBe(true);
});

test("a_refresh_asks_for_the_first_page_and_keeps_the_loaded_ones", async () => {
  const { server, list } = serverOf(9);
  await list.find(EVERYTHING);
  await list.loadMore();
  await list.loadMore();
  expect(numbersOf(list.state.get().jobs)).toEqual([9, 8, 7, 6, 5, 4]);
  server.count = 10;
  server.asked = [];
  await list.refresh();
  expect(server.asked).toEqual([null]);
  expect(numbersOf(list.state.get().jobs)).toEqual([10, 9, 8, 7, 6, 5, 4]);
  await list.loadMore();
  expect(numbersOf(list.state.get().jobs)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2]);
});

test("many_new_jobs_leave_no_gap", async () => {
  const { server, list } = serverOf(4);
  await list.find(EVERYTHING);
  server.count = 9;
  await list.refresh();
  expect(numbersOf(list.state.get().jobs)).toEqual([9, 8, 7, 6, 5, 4, 3]);
  server.count = 99;
  await list.refresh();
  const { jobs: anew, next } = list.state.get();
  expect(numbersOf(anew)).toEqual([99, 98, 97, 96, 95, 94, 93, 92]);
  expect(next).toBe("92");
});

test("a_refresh_and_a_next_page_that_cross_lose_nothing", async () => {
  const { server, list } = serverOf(9);
  await list.find(EVERYTHING);
  await Promise.all([list.refresh(), list.loadMore()]);
  expect(numbersOf(list.state.get().jobs)).toEqual([9, 8, 7, 6]);
  await Promise.all([list.loadMore(), list.refresh()]);
  expect(numbersOf(list.state.get().jobs)).toEqual([9, 8, 7, 6, 5, 4]);

  // The end of the list moves while the page after it is on the way: the page after the new end comes.
  const short = serverOf(9);
  await short.list.find(EVERYTHING);
  short.server.count = 10;
  const more = short.list.loadMore();
  await short.list.refresh();
  await more;
  expect(numbersOf(short.list.state.get().jobs).slice(0, 4)).toEqual([10, 9, 8, 7]);
  expect(server.count).toBe(9);
});

test("a_job_gone_from_the_first_page_leaves_and_the_end_is_the_end", () => {
  const loaded = { jobs: jobs(5, 4, 3, 2, 1), next: "1" };
  expect(withNewest(loaded, jobs(5, 3), "3")).toEqual({ jobs: jobs(5, 3, 2, 1), next: "1" });
  expect(withNewest(loaded, jobs(5, 3), null)).toEqual({ jobs: jobs(5, 3), next: null });
  expect(withNewest(loaded, [], null)).toEqual({ jobs: [], next: null });
});

test("a_page_that_overlaps_shows_no_job_twice", () => {
  const page = { items: jobs(3, 2), next: "2" };
  expect(numbersOf(appended(jobs(4, 3), page).jobs)).toEqual([4, 3, 2]);
});

test("a_changed_job_is_shown_and_leaves_a_list_it_no_longer_belongs_to", async () => {
  const { list } = serverOf(4);
  await list.find({ query: "", status: "scheduled" });
  await list.refreshJob("job-003");
  expect(list.state.get().jobs[1]?.photo_count).toBe(7);
  list.put(job(3, { status: "done" }));
  expect(numbersOf(list.state.get().jobs)).toEqual([4]);
  list.put(job(77));
  expect(numbersOf(list.state.get().jobs)).toEqual([4]);
});

test("an_error_keeps_what_is_loaded_and_a_first_error_says_so", async () => {
  let broken = true;
  const list = new JobList({
    page: () =>
      broken
        ? Promise.reject(new ApiError("offline", 0))
        : Promise.resolve({ items: jobs(1), next: null }),
    one: () => Promise.reject(new ApiError("notFound", 404)),
  });
  await list.find(EVERYTHING);
  expect(list.state.get().kind).toBe("error");
  broken = false;
  await list.refresh();
  broken = true;
  await list.refresh();
  expect(list.state.get()).toMatchObject({ kind: "ready", jobs: jobs(1) });
  expect(list.state.get().error).toBeInstanceOf(ApiError);
  await list.refreshJob("job-001");
  expect(list.state.get().jobs).toEqual([]);
});
