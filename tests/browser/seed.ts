import { readFileSync } from "node:fs";
import type { Server } from "./server";

export interface Seed {
  file: string;
  name?: string;
  phase?: "before" | "during" | "after" | "issue";
  caption?: string;
  taken_at?: string;
}

interface Grant {
  url: string;
  fields: Record<string, string>;
  photo_id: string;
}

const READY_MS_MAX = 60_000;

/** Uploads a photo as any client of the API does; its id. */
export async function addPhoto(server: Server, jobId: string, seed: Seed): Promise<string> {
  const { file, name, ...rest } = seed;
  const bytes = readFileSync(file);
  const grant = await server.asStaff<Grant>("POST", "/upload-url", {
    ...rest,
    job_id: jobId,
    photo_name: name ?? "image.jpg",
    content_type: "image/jpeg",
    size: bytes.length,
  });
  const form = new FormData();
  for (const [field, value] of Object.entries(grant.fields)) form.append(field, value);
  form.append("file", new Blob([bytes], { type: "image/jpeg" }));
  const response = await fetch(grant.url, { method: "POST", body: form });
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return grant.photo_id;
}

/** Uploads photos one after another, waits until they can be seen, and returns their ids. */
export async function addPhotos(
  server: Server,
  jobId: string,
  seeds: readonly Seed[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const seed of seeds) ids.push(await addPhoto(server, jobId, seed));
  const until = Date.now() + READY_MS_MAX;
  for (;;) {
    const { photos } = await server.asStaff<{ photos: { status: string }[] }>(
      "GET",
      `/list_photos?job_id=${jobId}&limit=100`,
    );
    if (photos.length >= ids.length && photos.every((photo) => photo.status !== "processing")) {
      return ids;
    }
    if (Date.now() > until) throw new Error("the photos were not ready in time");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
