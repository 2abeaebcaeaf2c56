import { useRef } from "preact/hooks";
import { type Phase, PHASES } from "../api/types";
import { Icon } from "../parts/Icon";
import { FileInput } from "../upload/Uploader";
import { useWords } from "../words/capture";

/** In the thumb's reach: the tag for what comes next, the shutter, and the library beside it. */
export function CaptureBar(props: {
  phase: Phase | null;
  onPhase: (phase: Phase | null) => void;
  /** `fresh`: from the camera, not from the library. */
  onFiles: (files: Iterable<File>, fresh: boolean) => void;
}) {
  const { words } = useWords();
  const camera = useRef<HTMLInputElement>(null);
  const library = useRef<HTMLInputElement>(null);
  return (
    <div class="capture-bar">
      <fieldset class="tags">
        <legend class="unseen">{words.capture.tag}</legend>
        {PHASES.map((phase) => (
          <button
            key={phase}
            type="button"
            class="tag"
            aria-pressed={props.phase === phase}
            onClick={() => props.onPhase(props.phase === phase ? null : phase)}
          >
            {words.phase[phase]}
          </button>
        ))}
      </fieldset>
      <button type="button" class="button main shutter" onClick={() => camera.current?.click()}>
        <Icon name="camera" size={28} />
        {words.capture.takePhoto}
      </button>
      <button type="button" class="button" onClick={() => library.current?.click()}>
        <Icon name="image" size={24} />
        {words.capture.library}
      </button>
      <FileInput input={camera} camera onFiles={(files) => props.onFiles(files, true)} />
      <FileInput input={library} onFiles={(files) => props.onFiles(files, false)} />
    </div>
  );
}
