/** The shapes the pages use, named. They follow the generated contract and are spelled nowhere else. */
import type { components } from "./generated";

type Schemas = components["schemas"];

/** `Body` with the words that the contract names in prose, where its schema says only "string". */
type Narrow<Body, Words> = Omit<Body, keyof Words> & Words;

export const ROLES = ["staff", "crew", "customer"] as const;
export type Role = (typeof ROLES)[number];

export const JOB_STATUSES = ["scheduled", "in_progress", "done", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const PHASES = ["before", "during", "after", "issue"] as const;
export type Phase = (typeof PHASES)[number];

export type PageConfig = Schemas["PagesConfigBody"];
export type Session = Narrow<Schemas["SessionBody"], { role: Role }>;
export type Job = Narrow<Schemas["JobBody"], { status: JobStatus }>;
export type ChangeCustomer = Schemas["ChangeCustomer"];
export type ChangeJob = Schemas["ChangeJob"];
export type ChangePhoto = Schemas["ChangePhoto"];
export type NewJob = Schemas["CreateJob"];
export type NewCustomer = Schemas["CreateCustomer"];
export type Link = Narrow<Schemas["LinkBody"], { role: Role }>;

/** Whom staff can send a link to. */
export type LinkRole = "customer" | "crew";

/** A link as it is handed out, this once. */
export interface MadeLink {
  url: string;
  expiresAt: string;
  /** The address as a QR code in SVG. */
  qrSvg: string | null;
}

export type Photo = Narrow<Schemas["PhotoBody"], { phase: Phase | null }>;

/** A grant as the pages ask for it: always a form. */
export type UploadGrant = Narrow<Schemas["Upload"], { fields: Record<string, string> }>;
