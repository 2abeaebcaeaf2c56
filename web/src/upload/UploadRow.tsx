import { bytesText } from "../lib/format";
import { Icon, type IconName } from "../parts/Icon";
import { useWords, type Words } from "../words";
import { canRetry, isActive, sentBytes, type UploadItem } from "./items";

/** One file: its name, how many of its bytes are sent, and what can be done about it. */
export function UploadRow(props: { item: UploadItem; onRetry: () => void; onRemove: () => void }) {
  const { words, language } = useWords();
  const { item } = props;
  const { state } = item;
  const { icon, tone, text } = stateText(item, words, language);
  return (
    <li class="upload-row" data-state={state.kind}>
      <div class="name">
        <p class="clip">{item.name}</p>
        {isActive(item) && (
          <progress
            max={item.size}
            value={sentBytes(item)}
            aria-label={words.upload.progress(item.name)}
          />
        )}
        <p class={`state ${tone}`}>
          {icon !== null && <Icon name={icon} size={16} />}
          <span>{text}</span>
        </p>
      </div>
      <div class="buttons">
        {state.kind === "failed" && canRetry(state.reason) && (
          <RowButton
            icon="retry"
            label={`${words.upload.retry}: ${item.name}`}
            onClick={props.onRetry}
          />
        )}
        {state.kind !== "stored" && (
          <RowButton
            icon="close"
            label={`${isActive(item) ? words.upload.cancel : words.upload.dismiss}: ${item.name}`}
            onClick={props.onRemove}
          />
        )}
      </div>
    </li>
  );
}

function RowButton(props: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

interface StateText {
  icon: IconName | null;
  tone: "" | "safe" | "local" | "bad";
  text: string;
}

/** Where an upload stands, in a sentence. */
export function stateText({ state, size }: UploadItem, words: Words, language: string): StateText {
  switch (state.kind) {
    case "keeping":
      return { icon: null, tone: "", text: words.upload.keeping };
    case "waiting":
      return { icon: null, tone: "", text: words.upload.waiting };
    case "preparing":
      return { icon: null, tone: "", text: words.upload.preparing };
    case "sending": {
      const text = words.upload.sent(bytesText(state.sent, language), bytesText(size, language));
      return { icon: null, tone: "", text };
    }
    case "saving":
      return { icon: null, tone: "", text: words.upload.saving };
    case "retrying":
      return { icon: "device", tone: "local", text: words.upload.retrying(state.seconds) };
    case "noSignal":
      return { icon: "device", tone: "local", text: words.upload.noSignal };
    case "stored":
      return { icon: "check", tone: "safe", text: words.upload.stored };
    case "failed":
      return { icon: "alert", tone: "bad", text: words.upload.failed[state.reason] };
  }
}
