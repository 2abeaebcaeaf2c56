import type { Photo } from "../api/types";

/** Whether there is no picture to show: the file can't be opened, or the server has lost it. */
export function isUnshown({ status }: Pick<Photo, "status">): boolean {
  return status === "rejected" || status === "missing";
}
