import { isAlive, keepPhoto, keptLinks } from "../queue/database";
import { newPhoto, sha256, type Target } from "../queue/newPhoto";

/** The field of the share target in the manifest. */
const FIELD = "photos";

/**
 * Takes what the phone's gallery shares: each photo is on the phone's disk, as ours, before the page opens. A phone
 * that knows one job only has nothing to ask; otherwise the page asks which job it is.
 */
export async function takeShared(request: Request): Promise<Response> {
  const parts: FormDataEntryValue[] = await request.formData().then(
    (form) => form.getAll(FIELD),
    () => [],
  );
  const files = parts.filter((part) => part instanceof File);
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

async function onlyTarget(): Promise<Target | null> {
  const now = Date.now();
  const links = (await keptLinks().catch(() => [])).filter((link) => isAlive(link, now));
  const targets = links.flatMap(({ linkId, jobs }) =>
    jobs.map(({ job_id: jobId }) => ({ linkId, jobId })),
  );
  const [first] = targets;
  const one = new Set(targets.map(({ jobId }) => jobId)).size === 1;
  return one && first !== undefined ? first : null;
}
