import { describe, expect, test } from "vitest";
import { ApiError, retryAfterMs } from "../api/problem";
import { errorCodeOf, fileBytesSent } from "./form";
import { canRetry, contentTypeOf, newItem, summarise, type UploadItem } from "./items";
import { grantFailure, pauseMs, storeFailure, TRIES_MAX } from "./retry";

describe("a chosen file", () => {
  test("is_a_photo_by_its_type_or_where_the_browser_gives_none_by_its_extension", () => {
    expect(contentTypeOf({ name: "a.jpg", type: "image/JPEG" })).toBe("image/jpeg");
    expect(contentTypeOf({ name: "IMG_1.HEIC", type: "" })).toBe("image/heic");
    expect(contentTypeOf({ name: "IMG_1.heif", type: "application/octet-stream" })).toBe(
      "image/heif",
    );
    expect(contentTypeOf({ name: "a.jpg", type: "text/html" })).toBeNull();
    expect(contentTypeOf({ name: "jpg", type: "" })).toBe("image/jpeg");
    expect(contentTypeOf({ name: "notes.pdf", type: "application/pdf" })).toBeNull();
    expect(contentTypeOf({ name: "constructor", type: "" })).toBeNull();
  });

  test("that_cannot_succeed_starts_as_failed_and_is_not_tried_again", () => {
    const states = [
      newItem("1", "j", { name: "a.jpg", type: "image/jpeg", size: 0 }),
      newItem("2", "j", { name: "a.pdf", type: "application/pdf", size: 9 }),
      newItem("3", "j", { name: "a.jpg", type: "image/jpeg", size: 9 }),
    ].map((item) => item.state);
    expect(states).toEqual([
      { kind: "failed", reason: "empty" },
      { kind: "failed", reason: "type" },
      { kind: "waiting" },
    ]);
    expect(canRetry("empty")).toBe(false);
    expect(canRetry("type")).toBe(false);
    expect(canRetry("network")).toBe(true);
  });
});

describe("progress", () => {
  test("counts_bytes_of_the_file_and_never_more_than_were_sent", () => {
    expect(fileBytesSent(0, 1500, 1000)).toBe(0);
    expect(fileBytesSent(400, 1500, 1000)).toBe(0);
    expect(fileBytesSent(900, 1500, 1000)).toBe(400);
    expect(fileBytesSent(1500, 1500, 1000)).toBe(1000);
    // A browser that does not know the total says 0.
    expect(fileBytesSent(700, 0, 1000)).toBe(700);
    expect(fileBytesSent(1700, 0, 1000)).toBe(1000);
  });

  test("adds_up_over_the_items", () => {
    const item = (state: UploadItem["state"]): UploadItem => ({
      ...newItem("x", "j", { name: "a.jpg", type: "image/jpeg", size: 10 }),
      state,
    });
    expect(
      summarise([
        item({ kind: "stored", photoId: "p", listed: false }),
        item({ kind: "failed", reason: "network" }),
        item({ kind: "noSignal" }),
        item({ kind: "saving" }),
      ]),
    ).toEqual({ total: 4, stored: 1, failed: 1, active: 2, noSignal: 1 });
  });
});

describe("a failed try", () => {
  test("is_repeated_after_a_doubling_pause_with_a_roof_and_a_random_half", () => {
    expect([1, 2, 3, 4].map((tries) => pauseMs(tries, 0, null))).toEqual([500, 1000, 2000, 4000]);
    expect(pauseMs(1, 0.999, null)).toBeLessThan(1000);
    expect(pauseMs(50, 1, null)).toBe(30_000);
    expect(pauseMs(1, 0, 8_000)).toBe(8_000);
    let waited = 0;
    for (let tries = 1; tries < TRIES_MAX; tries += 1) waited += pauseMs(tries, 1, null);
    expect(waited).toBe(15_000);
  });

  test("at_the_grant_is_told_apart_by_what_another_try_can_mend", () => {
    const failure = (status: number, field?: string) => {
      const kind = status === 0 ? "offline" : status === 401 ? "signedOut" : "invalid";
      const { reason, passing } = grantFailure(
        new ApiError(kind, status, field === undefined ? {} : { field }),
      );
      return [reason, passing];
    };
    expect(failure(0)).toEqual(["network", true]);
    expect(failure(401)).toEqual(["signedOut", false]);
    expect(failure(429)).toEqual(["server", true]);
    expect(failure(503)).toEqual(["server", true]);
    expect(failure(507)).toEqual(["full", false]);
    expect(failure(422, "size")).toEqual(["tooBig", false]);
    expect(failure(422, "content_type")).toEqual(["type", false]);
    expect(failure(404)).toEqual(["jobGone", false]);
    expect(failure(410)).toEqual(["deleted", false]);
    expect(failure(403)).toEqual(["forbidden", false]);
  });

  test("at_the_store_is_told_apart_too", () => {
    const failure = (status: number, code = "") => {
      const { reason, passing } = storeFailure(status, code);
      return [reason, passing];
    };
    expect(failure(503)).toEqual(["server", true]);
    expect(failure(403, "AccessDenied")).toEqual(["refused", true]);
    expect(failure(400, "EntityTooLarge")).toEqual(["tooBig", false]);
    expect(failure(412)).toEqual(["refused", false]);
    expect(failure(507)).toEqual(["full", false]);
    expect(errorCodeOf("<Error><Code>EntityTooLarge</Code></Error>")).toBe("EntityTooLarge");
    expect(errorCodeOf("<html>502</html>")).toBe("");
  });

  test("waits_as_long_as_the_server_asks_but_not_without_end", () => {
    expect(retryAfterMs("3")).toBe(3_000);
    expect(retryAfterMs("86400")).toBe(60_000);
    expect(retryAfterMs("-1")).toBeNull();
    expect(retryAfterMs("Wed, 21 Oct 2026 07:28:00 GMT")).toBeNull();
    expect(retryAfterMs(null)).toBeNull();
  });
});
