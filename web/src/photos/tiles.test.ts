import { expect, test } from "vitest";
import type { Photo } from "../api/types";
import { newItem, type UploadItem } from "../upload/items";
import { fractionSent, keyOf, safeCount, tilesOf } from "./tiles";

const photo = (photo_id: string) => ({ photo_id }) as Photo;
const stored = (photoId: string, listed = false) => ({ kind: "stored", photoId, listed }) as const;
const item = (id: string, state: UploadItem["state"]): UploadItem => ({
  ...newItem(id, "j", { name: "image.jpg", type: "image/jpeg", size: 200 }),
  preview: `blob:${id}`,
  state,
});

test("an_upload_is_a_tile_until_the_list_shows_its_photo_and_never_twice", () => {
  const items = [
    item("a", stored("P1")),
    item("b", stored("P2")),
    item("c", { kind: "sending", sent: 50 }),
    item("d", { kind: "failed", reason: "network" }),
    item("e", { kind: "failed", reason: "type" }),
  ];
  const tiles = tilesOf([photo("P0"), photo("P1")], items);
  expect(tiles.map(keyOf)).toEqual(["P0", "P1", "P2", "c", "d"]);
  expect(tiles.map((tile) => tile.kind)).toEqual(["photo", "photo", "upload", "upload", "upload"]);
});

test("a_photo_from_this_page_keeps_its_preview", () => {
  const [tile] = tilesOf([photo("P1")], [item("a", stored("P1"))]);
  expect(tile).toMatchObject({ kind: "photo", preview: "blob:a" });
});

test("the_ring_shows_the_part_of_the_bytes_that_was_sent", () => {
  expect(fractionSent(item("a", { kind: "waiting" }))).toBe(0);
  expect(fractionSent(item("a", { kind: "sending", sent: 50 }))).toBe(0.25);
  expect(fractionSent(item("a", { kind: "saving" }))).toBe(1);
});

test("an_upload_that_was_listed_and_then_deleted_is_not_shown_again", () => {
  expect(tilesOf([], [item("a", stored("P1", true))])).toEqual([]);
});

test("safe_are_the_listed_photos_and_those_acknowledged_since_and_no_others", () => {
  const items = [
    item("a", stored("P1")),
    item("b", stored("P2")),
    item("c", { kind: "saving" }),
    item("d", { kind: "failed", reason: "network" }),
  ];
  expect(safeCount([photo("P0"), photo("P1")], items)).toBe(3);
});
