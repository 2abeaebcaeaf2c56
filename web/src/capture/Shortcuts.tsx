import { useState } from "preact/hooks";
import { readAndroidShortcuts } from "../api/calls";
import { CopyField } from "../parts/CopyField";
import { Icon } from "../parts/Icon";
import { ProblemNotice } from "../parts/Notice";
import { useWords } from "../words/capture";
import type { KnownJob, Opened } from "./open";
import { ScreenHead } from "./ScreenHead";

/** An app of that name, the same in every language. */
const ANDROID_APP = "HTTP Shortcuts";

/** How to send photos without this page, with the driver's own link filled in. */
export function Shortcuts(props: { opened: Opened; job: KnownJob | null; onClose: () => void }) {
  const { words } = useWords();
  const { shortcuts } = words;
  return (
    <main class="capture">
      <ScreenHead title={shortcuts.title} onClose={props.onClose} />
      <p>{shortcuts.intro}</p>
      <p class="soft small">{shortcuts.keepSecret}</p>
      <Android opened={props.opened} />
      {props.job !== null && <Iphone opened={props.opened} jobId={props.job.job.job_id} />}
    </main>
  );
}

function Android({ opened }: { opened: Opened }) {
  const { words } = useWords();
  const { shortcuts } = words;
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    setError(null);
    try {
      const text = await readAndroidShortcuts(opened.api);
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = "shortcuts.json";
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section class="recipe">
      <h2>Android</h2>
      <ol>
        <li>{shortcuts.androidInstall(ANDROID_APP)}</li>
        <li>{shortcuts.androidFile}</li>
        <li>{shortcuts.androidImport}</li>
        <li>{shortcuts.androidPlace}</li>
      </ol>
      <button type="button" class="button wide" onClick={save}>
        <Icon name="download" />
        {shortcuts.androidSave}
      </button>
      {error !== null && <ProblemNotice error={error} />}
    </section>
  );
}

/** Two actions of Apple's Shortcuts: ask for the upload, then send the photo where the answer says. */
function Iphone({ opened, jobId }: { opened: Opened; jobId: string }) {
  const { words } = useWords();
  const { shortcuts } = words;
  const { fields } = shortcuts;
  const wish = {
    job_id: jobId,
    photo_name: "photo.jpg",
    content_type: "image/jpeg",
    method: "PUT",
  };
  return (
    <section class="recipe">
      <h2>iPhone</h2>
      <p>{shortcuts.iphoneIntro}</p>
      <h3>{shortcuts.first}</h3>
      <p class="soft small">
        {fields.method}: POST · {fields.body}: JSON
      </p>
      <Value name={fields.url} value={`${location.origin}/upload-url`} />
      <h4>{fields.headers}</h4>
      <Value name="Authorization" value={`Bearer ${opened.link.token ?? ""}`} />
      <Value name="x-api-key" value={opened.config.application_key} />
      <h4>{fields.body}</h4>
      {Object.entries(wish).map(([name, value]) => (
        <Value key={name} name={name} value={value} />
      ))}
      <h3>{shortcuts.second}</h3>
      <p class="soft small">
        {fields.method}: PUT · {fields.url}: {shortcuts.fromFirst} · {fields.body}: {fields.file},{" "}
        {shortcuts.sharedImage}
      </p>
      <h4>{fields.headers}</h4>
      <Value name="Content-Type" value="image/jpeg" />
      <Value name="If-None-Match" value="*" />
    </section>
  );
}

/** What goes into a field of the action, under the field's own name. */
function Value({ name, value }: { name: string; value: string }) {
  return (
    <div class="value">
      <p class="soft small" aria-hidden="true">
        {name}
      </p>
      <CopyField label={name} value={value} />
    </div>
  );
}
