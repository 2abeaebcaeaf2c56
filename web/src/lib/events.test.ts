import { expect, test } from "vitest";
import { EventParser } from "./events";
import { backOffMs } from "./live";

const STREAM =
  ': hello\n\nevent: photos\ndata: {"job_id":"a"}\n\nevent: job\r\ndata: 1\r\ndata: 2\r\n\r\n';

test("events_are_the_same_however_the_network_cuts_the_stream", () => {
  const whole = new EventParser().push(STREAM);
  expect(whole).toEqual([
    { name: "photos", data: '{"job_id":"a"}' },
    { name: "job", data: "1\n2" },
  ]);
  for (let size = 1; size < 12; size += 1) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) {
      events.push(...parser.push(STREAM.slice(at, at + size)));
    }
    expect(events, `pieces of ${size}`).toEqual(whole);
  }
});

test("a_heartbeat_is_no_event_and_half_an_event_waits_for_its_end", () => {
  const parser = new EventParser();
  expect(parser.push(": still here\n\n: still here\n\ndata: x\n")).toEqual([]);
  expect(parser.push("\n")).toEqual([{ name: "message", data: "x" }]);
});

test("the_pause_before_reconnecting_doubles_to_a_roof_and_is_half_random", () => {
  expect([0, 1, 2, 3].map((failures) => backOffMs(failures, 0))).toEqual([500, 1000, 2000, 4000]);
  expect(backOffMs(99, 1)).toBe(30_000);
  expect(backOffMs(99, 0)).toBe(15_000);
});
