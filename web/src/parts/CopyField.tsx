import { useRef, useState } from "preact/hooks";
import { useWords } from "../words";
import { Icon } from "./Icon";

/** A text to take along: shown whole on demand, copied with one tap. */
export function CopyField(props: { label: string; value: string }) {
  const { words } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState<"copied" | "failed" | null>(null);
  const copy = async () => {
    const done = await copyText(props.value, input.current);
    setSaid(done ? "copied" : "failed");
  };
  return (
    <div class="copy-field">
      <input
        ref={input}
        class="input"
        readOnly
        aria-label={props.label}
        value={props.value}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="button" onClick={copy}>
        <Icon name={said === "copied" ? "check" : "copy"} />
        <span aria-live="polite">{said === "copied" ? words.share.copied : words.share.copy}</span>
      </button>
      {said === "failed" && (
        <p class="small" role="status">
          {words.share.copyFailed}
        </p>
      )}
    </div>
  );
}

/** The clipboard proper exists only in secure contexts; over plain HTTP the selected field is copied instead. */
async function copyText(text: string, field: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.select();
    return document.execCommand("copy");
  }
}
