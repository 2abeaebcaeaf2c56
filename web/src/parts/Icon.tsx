import type { JobStatus } from "../api/types";

/** Outlines on a 24 px grid, two pixels wide, drawn for these pages. */
const PATHS = {
  alert: "M12 3 2.5 20h19L12 3Zm0 7v4m0 3v.01",
  back: "m14 6-6 6 6 6",
  bin: "M4 7h16M9 7V4h6v3m-8 0 1 13h8l1-13",
  camera: "M3 8h4l2-3h6l2 3h4v11H3V8Zm9 8.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  check: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM8 12l3 3 5-6",
  clock: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Zm-9-5v5l3 2",
  close: "m6 6 12 12M18 6 6 18",
  compare: "m8 7-5 5 5 5m8-10 5 5-5 5",
  copy: "M9 9h11v11H9V9Zm-4 6H4V4h11v1",
  device: "M7 3h10v18H7V3Zm4 15h2",
  down: "m6 9 6 6 6-6",
  download: "M12 4v12m0 0 5-5m-5 5-5-5M4 16v4h16v-4",
  edit: "m4 20 1-4L16 5l3 3L8 19l-4 1Zm9.5-12.5 3 3",
  forward: "m10 6 6 6-6 6",
  image: "M3 5h18v14H3V5Zm0 12 6-6 5 5 2-2 5 5M16 9.5v.01",
  key: "M3 6h18v12H3V6Zm4 4v.01M11 10v.01M15 10v.01M8 14h8",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1m2 3.5a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  mail: "M3 6h18v12H3V6Zm0 1 9 6 9-6",
  message: "M4 5h16v11H9l-5 4V5Z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
  open: "M13 4h7v7m0-7-9 9m-2-7H4v14h14v-5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8c1-4 4-5 8-5s7 1 8 5",
  phone: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4c0 1-1 1-2 1A15 15 0 0 1 4 6c0-1 0-2 1-2Z",
  pin: "M12 21s7-6 7-11a7 7 0 1 0-14 0c0 5 7 11 7 11Zm0-8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  plus: "M12 5v14M5 12h14",
  retry: "M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5",
  search: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-1.5 5L21 21",
  seen: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  share: "M12 15V3m0 0L8 7m4-4 4 4M7 11H4v10h16V11h-3",
  sun: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5",
  unseen:
    "M4 4l16 16M9.5 5.3A11 11 0 0 1 12 5c6 0 10 7 10 7a18 18 0 0 1-3 3.6m-4 2.8A10 10 0 0 1 12 19c-6 0-10-7-10-7a18 18 0 0 1 4-4.5M10 10a3 3 0 0 0 4 4",
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 16v4h16v-4",
  zoomIn: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-1.5 5L21 21M10.5 7.5v6m-3-3h6",
  zoomOut: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-1.5 5L21 21M7.5 10.5h6",
};

export type IconName = keyof typeof PATHS;

/** A picture that says nothing a word beside it does not say: screen readers pass it by. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

const STATUS_PATHS: Record<JobStatus, string> = {
  scheduled: "",
  in_progress: "M8 4.5a3.5 3.5 0 0 1 0 7Z",
  done: "m5.2 8 2 2 3.6-4",
  cancelled: "M5.5 5.5l5 5m0-5-5 5",
};

/** A job's status by shape, since green, amber and red already speak of photos. */
export function StatusIcon({ status }: { status: JobStatus }) {
  return (
    <svg
      aria-hidden="true"
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <circle
        cx="8"
        cy="8"
        r="6.5"
        stroke-dasharray={status === "scheduled" ? "2.6 2.5" : "none"}
      />
      <path d={STATUS_PATHS[status]} fill={status === "in_progress" ? "currentColor" : "none"} />
    </svg>
  );
}
