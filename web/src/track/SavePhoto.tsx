import { useState } from "preact/hooks";
import type { Photo } from "../api/types";
import { Icon } from "../parts/Icon";
import { useWords } from "../words";

/** Keeps a photo on the customer's own device: by a phone's share sheet, which knows its gallery, or as a download. */
export function SavePhoto({ photo }: { photo: Photo }) {
  const { words } = useWords();
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  const url = photo.display_url;
  if (!url) return null;
  const save = () => {
    setState("busy");
    saveFrom(url, photo.name).then(
      () => setState("idle"),
      () => setState("failed"),
    );
  };
  return (
    <>
      {state === "failed" && <p role="alert">{words.track.saveFailed}</p>}
      <button type="button" class="text-button" disabled={state === "busy"} onClick={save}>
        <Icon name="download" />
        {state === "busy" ? words.track.saving : words.track.save}
      </button>
    </>
  );
}

async function saveFrom(url: string, name: string): Promise<void> {
  // Not the copy that the picture on the page has left: S3 gave that one without leave for scripts.
  const response = await fetch(url, { cache: "reload" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const blob = await response.blob();
  // The copy for screens is a JPEG whatever the original was.
  const file = new File([blob], `${name.replace(/\.[^.]*$/, "")}.jpg`, { type: blob.type });
  if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] })) {
    // Closing the share sheet is no failure.
    return navigator.share({ files: [file] }).catch(() => undefined);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // The browser has taken hold of the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
