import { fractionSent } from "../photos/tiles";
import { Icon, type IconName } from "../parts/Icon";
import type { QueueItem } from "../queue/photoQueue";
import { useWords, type Words } from "../words/capture";

/** A photo on its way, with a word on where it is. */
export function QueueTile({ item, onOpen }: { item: QueueItem; onOpen: () => void }) {
  const { words } = useWords();
  const { tone, icon, text } = badgeOf(item, words);
  return (
    <div class="tile" data-state={item.state.kind}>
      <button type="button" onClick={onOpen}>
        <span class="unseen">{item.name}</span>
        {item.preview === null ? (
          <span class="no-preview">
            <Icon name="image" size={28} />
          </span>
        ) : (
          <img src={item.preview} alt="" decoding="async" />
        )}
        {item.phase !== null && <span class="chip">{words.phase[item.phase]}</span>}
        <span class={`badge ${tone}`}>
          {item.state.kind === "sending" && (
            <span class="bar" style={{ width: `${100 * fractionSent(item)}%` }} />
          )}
          <Icon name={icon} size={16} />
          {text}
        </span>
      </button>
    </div>
  );
}

interface Badge {
  tone: "local" | "safe" | "bad";
  icon: IconName;
  text: string;
}

/** What is true of a photo, in a word. */
export function badgeOf(item: QueueItem, words: Words): Badge {
  const { tile } = words.capture;
  switch (item.state.kind) {
    case "keeping":
      return { tone: "local", icon: "device", text: tile.keeping };
    case "waiting":
    case "preparing":
    case "retrying":
    case "noSignal":
      return { tone: "local", icon: "device", text: tile.here };
    case "sending": {
      // Rounded down: it never says more than is true.
      const percent = Math.floor(100 * fractionSent(item));
      return { tone: "local", icon: "upload", text: tile.sending(percent) };
    }
    case "saving":
      return { tone: "local", icon: "upload", text: tile.saving };
    case "stored":
      return { tone: "safe", icon: "check", text: tile.safe };
    case "failed":
      return { tone: "bad", icon: "alert", text: tile.failed };
  }
}
