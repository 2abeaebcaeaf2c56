/** Uploads as values: what state each is in and what that adds up to. No IO, no clock. */

/** Why an upload stopped; each has a sentence in the words under `upload.failed`. */
export type FailReason =
  | "network"
  | "server"
  | "full"
  | "tooBig"
  | "type"
  | "empty"
  | "unreadable"
  | "refused"
  /** The link does not let anybody upload. */
  | "forbidden"
  | "signedOut"
  /** The job is gone, or not this link's. */
  | "jobGone"
  /** It had arrived, and staff deleted it since. */
  | "deleted";

export type UploadState =
  /** Being written to the phone: until then only the page has it. */
  | { kind: "keeping" }
  | { kind: "waiting" }
  | { kind: "preparing" }
  /** `sent`: bytes of the file handed to the network. */
  | { kind: "sending"; sent: number }
  /** All bytes are sent, the server has not yet said that it has them. */
  | { kind: "saving" }
  /** A try failed; the next begins by itself in `seconds`. */
  | { kind: "retrying"; seconds: number }
  /** A try failed and the device says it has no network; the next begins when it has. */
  | { kind: "noSignal" }
  /** `listed`: the job's list has shown it; from then on the list alone says whether it exists. */
  | { kind: "stored"; photoId: string; listed: boolean }
  | { kind: "failed"; reason: FailReason };

export interface UploadItem {
  /** Also the idempotency key: the same for every try of this file. */
  readonly id: string;
  readonly jobId: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  readonly state: UploadState;
  /** A small picture of the file, null until it is made or where this browser can't. */
  readonly preview: string | null;
}

/** The extensions phones give photos, for files the browser hands over without a type (HEIC on Windows). */
const TYPE_OF_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["avif", "image/avif"],
  ["heic", "image/heic"],
  ["heif", "image/heif"],
]);

/** The content type of a chosen file, or null for what is no photo. */
export function contentTypeOf(file: { name: string; type: string }): string | null {
  const type = file.type.toLowerCase();
  if (type.startsWith("image/")) return type;
  if (type !== "" && type !== "application/octet-stream") return null;
  const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
  return TYPE_OF_EXTENSION.get(extension) ?? null;
}

/** A new upload of a chosen file; one that cannot succeed starts as failed and says why. */
export function newItem(
  id: string,
  jobId: string,
  file: { name: string; type: string; size: number },
): UploadItem {
  const contentType = contentTypeOf(file);
  const reason: FailReason | null =
    file.size === 0 ? "empty" : contentType === null ? "type" : null;
  return {
    id,
    jobId,
    name: file.name,
    size: file.size,
    contentType: contentType ?? "",
    preview: null,
    state: reason === null ? { kind: "waiting" } : { kind: "failed", reason },
  };
}

/** False for failures that another try of the same file cannot mend. */
export function canRetry(reason: FailReason): boolean {
  return !HOPELESS.includes(reason);
}

const HOPELESS: readonly FailReason[] = ["tooBig", "type", "empty", "unreadable", "deleted"];

export function isActive(item: UploadItem): boolean {
  return item.state.kind !== "stored" && item.state.kind !== "failed";
}

/** Bytes of this item known to have left the device. */
export function sentBytes(item: UploadItem): number {
  switch (item.state.kind) {
    case "sending":
      return item.state.sent;
    case "saving":
    case "stored":
      return item.size;
    default:
      return 0;
  }
}

export interface Summary {
  total: number;
  stored: number;
  failed: number;
  active: number;
  /** Of the active ones, those that wait for the device's network. */
  noSignal: number;
}

export function summarise(items: readonly UploadItem[]): Summary {
  const summary: Summary = { total: items.length, stored: 0, failed: 0, active: 0, noSignal: 0 };
  for (const { state } of items) {
    if (state.kind === "stored") summary.stored += 1;
    else if (state.kind === "failed") summary.failed += 1;
    else summary.active += 1;
    if (state.kind === "noSignal") summary.noSignal += 1;
  }
  return summary;
}
