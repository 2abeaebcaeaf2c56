import { keepPhoto } from "../queue/database";
import { newPhoto, sha256 } from "../queue/newPhoto";
import type { FetchEvent } from "./scope";

/** The field of the share target in the manifest. */
const FIELD = "photos";

/**
 * Whether a request was started by the browser itself, as the launch of a share target is, and by no page. A worker does
 * not see `Sec-Fetch-Site`; it sees that a form of another site has that site's `Origin`, or, where its page sends no
 * referrer, a client that started the navigation.
 */
export function isLaunch({ request, clientId }: Pick<FetchEvent, "request" | "clientId">): boolean {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const referrer = request.referrer;
  return (
    clientId === "" &&
    (origin === null || origin === "null") &&
    (site === null || site === "none") &&
    // An app of the phone that shares may be named.
    (referrer === "" || referrer === "about:client" || referrer.startsWith("android-app:"))
  );
}

/**
 * Stores what the phone's gallery shares on the phone, before the page opens. The photos wait without a job: only a
 * person's tap on the page files them.
 */
export async function takeShared(event: FetchEvent): Promise<Response> {
  if (!isLaunch(event)) return Response.redirect("/capture/", 303);
  const parts: FormDataEntryValue[] = await event.request.formData().then(
    (form) => form.getAll(FIELD),
    () => [],
  );
  const files = parts.filter((part) => part instanceof File);
  // More than the phone can hold at once, or nothing at all.
  if (files.length === 0) return Response.redirect("/capture/?shared=missed", 303);
  let kept = 0;
  for (const file of files) {
    if (await keep(file)) kept += 1;
  }
  const said = new URLSearchParams({ shared: String(kept), missed: String(files.length - kept) });
  return Response.redirect(`/capture/?${said}`, 303);
}

async function keep(file: File): Promise<boolean> {
  try {
    const photo = newPhoto(file, null, { phase: null, place: null, fresh: false });
    // Not a photo: the page would only show that it cannot be sent.
    if (photo.state.kind === "stopped") return false;
    const bytes = await file.arrayBuffer();
    await keepPhoto({ ...photo, sha256: await sha256(bytes) }, bytes);
    return true;
  } catch {
    return false;
  }
}
