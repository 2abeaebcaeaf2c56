import { useState } from "preact/hooks";
import { photosZipUrl } from "../../api/calls";
import type { PageConfig, Photo } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { useWords } from "../../words";

/** All photos of a job as one file. */
export function DownloadAll({ config, jobId }: { config: PageConfig; jobId: string }) {
  const { words } = useWords();
  return (
    <a class="text-button" href={photosZipUrl(config.application_key, jobId)} download="">
      <Icon name="download" />
      {words.job.downloadAll}
    </a>
  );
}

/** The photo as it came from the camera, saved under its own name. In words where it is all that one can have of it. */
export function DownloadOriginal(props: { photo: Photo; labelled?: boolean }) {
  const { words } = useWords();
  const [busy, setBusy] = useState(false);
  const { photo, labelled = false } = props;
  if (!photo.url) return null;
  const { url, name } = photo;
  const label = busy ? words.photoTools.downloading : words.photoTools.download;
  return (
    <a
      class={labelled ? "text-button" : "icon-button"}
      href={url}
      target="_blank"
      rel="noopener"
      aria-label={words.photoTools.download}
      aria-busy={busy}
      title={label}
      onClick={(event) => {
        event.preventDefault();
        if (busy) return;
        setBusy(true);
        void saveFile(url, name).finally(() => setBusy(false));
      }}
    >
      <Icon name="download" />
      {labelled && label}
    </a>
  );
}

/**
 * Saves a file of another origin under a name of ours: a browser heeds `download` only for its own origin. Where the
 * file may not be read from here it is opened, to be saved by hand.
 */
async function saveFile(url: string, name: string): Promise<void> {
  try {
    // Not the copy that a picture on the page has left: S3 gave that one without leave for scripts.
    const response = await fetch(url, { cache: "reload" });
    if (!response.ok) throw new Error(String(response.status));
    const file = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = file;
    link.download = name;
    link.click();
    // The browser reads it after the click.
    window.setTimeout(() => URL.revokeObjectURL(file), 60_000);
  } catch {
    window.open(url, "_blank", "noopener");
  }
}
