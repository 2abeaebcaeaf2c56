import { isAlive, keepPhoto, keptLinks } from "../queue/database";
import { newPhoto, sha256, type Target } from "../queue/newPhoto";

/** The field of the share target in the manifest. */
const FIELD = "photos";

/**
 * Takes what the phone's gallery shares: each photo is on the phone's disk, as ours, before the page opens. Where only
 * one job can be meant there is nothing to ask; otherwise the page asks which it is.
 */
export async function takeShared(request: Request): Promise<Response> {
  const parts: FormDataEntryValue[] = await request.formData().then(
    (form) => form.getAll(FIELD),
    () => [],
  );
  const files = parts.filter((part) => part instanceof File);
  // More than the phone can hold at once, or nothing at all.
  if (files.length === 0) return Response.redirect("/capture/?shared=missed", 303);
  const target = await onlyTarget();
  let kept = 0;
  for (const file of files) {
    if (await keep(file, target)) kept += 1;
  }
  const said = new URLSearchParams({ shared: String(kept), missed: String(files.length - kept) });
  return Response.redirect(`/capture/?${said}`, 303);
}

async function keep(file: File, target: Target | null): Promise<boolean> {
  try {
    const photo = newPhoto(file, target, { phase: null, place: null, fresh: false });
    // Not a photo: the page would only show that it cannot be sent.
    if (photo.state.kind === "stopped") return false;
    const bytes = await file.arrayBuffer();
    await keepPhoto({ ...photo, sha256: await sha256(bytes) }, bytes);
    return true;
  } catch {
    return false;
  }
}

/** A link that was opened for longer may be that of a job long done. */
const AT_WORK_MS = 12 * 3_600_000;

/** The job that can only be meant: of the one link on this phone, when it is for one job and was opened today. */
async function onlyTarget(): Promise<Target | null> {
  const now = Date.now();
  const links = (await keptLinks().catch(() => [])).filter((link) => isAlive(link, now));
  const [link] = links;
  if (link === undefined || links.length > 1 || link.jobId === null) return null;
  if (Math.abs(now - link.usedAt) > AT_WORK_MS) return null;
  return { linkId: link.linkId, jobId: link.jobId };
}
