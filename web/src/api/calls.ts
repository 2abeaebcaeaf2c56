/**
 * Every call the pages make, one function each. Here and nowhere else an answer becomes one of our types; each
 * function throws ApiError when the server refuses, can't be reached or says what we don't understand.
 */
import type { Page } from "../lib/usePages";
import { type Api, answer } from "./client";
import type { components } from "./generated";
import { ApiError } from "./problem";
import {
  JOB_STATUSES,
  type Job,
  type JobStatus,
  type ChangeCustomer,
  type ChangeJob,
  type ChangePhoto,
  type Link,
  type LinkRole,
  type MadeLink,
  type NewCustomer,
  type NewJob,
  type PageConfig,
  type Phase,
  PHASES,
  type Photo,
  ROLES,
  type Session,
  type UploadGrant,
} from "./types";

type Schemas = components["schemas"];

export function readConfig(api: Api): Promise<PageConfig> {
  return answer(api.GET("/config.json"));
}

/** Swaps a link's token for the session cookie. */
export async function signInWith(api: Api, token: string): Promise<Session> {
  const headers = { authorization: `Bearer ${token}` };
  return sessionOf(await answer(api.POST("/session", { headers })));
}

export async function readSession(api: Api): Promise<Session> {
  return sessionOf(await answer(api.GET("/session")));
}

export function signOut(api: Api): Promise<unknown> {
  return answer(api.DELETE("/session"));
}

/** Opens the stream that tells what others change in all jobs. */
export async function openEvents(
  api: Api,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const stream = await answer(api.GET("/events", { parseAs: "stream", signal }));
  if (stream === null) throw notUnderstood();
  return stream;
}

export interface JobQuery {
  limit: number;
  q?: string;
  status?: JobStatus;
  cursor?: string;
}

export async function listJobs(
  api: Api,
  query: JobQuery,
  signal: AbortSignal | null = null,
): Promise<Page<Job>> {
  const page = await answer(api.GET("/jobs", { params: { query }, signal }));
  return { items: page.jobs.map(jobOf), next: page.next_cursor ?? null };
}

export async function readJob(api: Api, jobId: string): Promise<Job> {
  const path = { job_id: jobId };
  return jobOf(await answer(api.GET("/jobs/{job_id}", { params: { path } })));
}

/** Changes a job; what it is now. Absent fields stay, null takes away. */
export async function changeJob(api: Api, jobId: string, body: ChangeJob): Promise<Job> {
  const path = { job_id: jobId };
  return jobOf(await answer(api.PATCH("/jobs/{job_id}", { params: { path }, body })));
}

/** Adds a job; its id. */
export async function addJob(api: Api, body: NewJob): Promise<string> {
  return (await answer(api.POST("/jobs", { body }))).job_id;
}

/** The address of all photos of a job as one file: a navigation can't send headers, so who asks stands in it. */
export function photosZipUrl(applicationKey: string, jobId: string): string {
  const query = new URLSearchParams({ application_key: applicationKey, role: "staff" });
  return `/jobs/${encodeURIComponent(jobId)}/photos.zip?${query}`;
}

/** Changes a customer. Absent fields stay, null takes away. */
export function changeCustomer(
  api: Api,
  customerId: string,
  body: ChangeCustomer,
): Promise<unknown> {
  const path = { customer_id: customerId };
  return answer(api.PATCH("/customers/{customer_id}", { params: { path }, body }));
}

/** Adds a customer; its id. */
export async function addCustomer(api: Api, body: NewCustomer): Promise<string> {
  return (await answer(api.POST("/customers", { body }))).customer_id;
}

export interface PhotoQuery {
  job_id: string;
  limit: number;
  cursor?: string;
}

export async function listPhotos(
  api: Api,
  query: PhotoQuery,
  signal: AbortSignal,
): Promise<Page<Photo>> {
  const page = await answer(api.GET("/list_photos", { params: { query }, signal }));
  return { items: page.photos.map(photoOf), next: page.next_cursor ?? null };
}

/** One photo, as the list has it; throws ApiError `notFound` when the server has no such photo. */
export async function readPhoto(api: Api, jobId: string, photoId: string): Promise<Photo> {
  const path = { job_id: jobId, photo_id: photoId };
  return photoOf(await answer(api.GET("/jobs/{job_id}/photos/{photo_id}", { params: { path } })));
}

/** Deletes a photo. With `keepalive` the call is finished even if its page is gone. */
export function deletePhoto(
  api: Api,
  jobId: string,
  photoId: string,
  keepalive = false,
): Promise<unknown> {
  const path = { job_id: jobId, photo_id: photoId };
  return answer(api.DELETE("/jobs/{job_id}/photos/{photo_id}", { params: { path }, keepalive }));
}

/** Changes a photo. Absent fields stay, null takes away. */
export function changePhoto(
  api: Api,
  jobId: string,
  photoId: string,
  body: ChangePhoto,
): Promise<unknown> {
  const path = { job_id: jobId, photo_id: photoId };
  return answer(api.PATCH("/jobs/{job_id}/photos/{photo_id}", { params: { path }, body }));
}

/** Makes a link that works for `seconds`; its address can't be had again. */
export async function makeLink(
  api: Api,
  jobId: string,
  role: LinkRole,
  seconds: number,
): Promise<MadeLink> {
  const path = { job_id: jobId };
  const body = { role, expires_in: seconds, qr: true };
  const made = await answer(api.POST("/jobs/{job_id}/links", { params: { path }, body }));
  return { url: made.url, expiresAt: made.expires_at, qrSvg: made.qr_svg ?? null };
}

export async function listLinks(
  api: Api,
  jobId: string,
  signal: AbortSignal,
): Promise<readonly Link[]> {
  const path = { job_id: jobId };
  const { links } = await answer(api.GET("/jobs/{job_id}/links", { params: { path }, signal }));
  return links.map((link) => ({ ...link, role: wordOf(ROLES, link.role) }));
}

/** Turns a link off. */
export function revokeLink(api: Api, linkId: string): Promise<unknown> {
  return answer(api.DELETE("/links/{link_id}", { params: { path: { link_id: linkId } } }));
}

export interface UploadWish {
  job_id: string;
  photo_name: string;
  content_type: string;
  /** Exact, in bytes. */
  size: number;
  idempotency_key: string;
  /** Hexadecimal. */
  sha256?: string;
  phase?: Phase;
  /** RFC 3339. */
  taken_at?: string;
  location?: { latitude: number; longitude: number };
}

/** Asks for the grant of one photo. */
export async function askUpload(
  api: Api,
  body: UploadWish,
  signal: AbortSignal,
): Promise<UploadGrant> {
  const grant = await answer(api.POST("/upload-url", { body, signal }));
  if (!("fields" in grant) || !grant.fields) throw notUnderstood();
  return { ...grant, fields: grant.fields };
}

/** The file that the Android app for shortcuts imports, with the caller's own link in it. */
export async function readAndroidShortcuts(api: Api): Promise<string> {
  return JSON.stringify(await answer(api.GET("/shortcuts/android.json")), null, 2);
}

function sessionOf(body: Schemas["SessionBody"]): Session {
  return { ...body, role: wordOf(ROLES, body.role) };
}

function jobOf(body: Schemas["JobBody"]): Job {
  return { ...body, status: wordOf(JOB_STATUSES, body.status) };
}

/** A tag we don't know is only not shown; a photo matters more. */
function photoOf(body: Schemas["PhotoBody"]): Photo {
  return { ...body, phase: PHASES.find((phase) => phase === body.phase) ?? null };
}

function wordOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) throw notUnderstood();
  return word;
}

function notUnderstood(): ApiError {
  return new ApiError("server", 200, { code: "not_understood" });
}
