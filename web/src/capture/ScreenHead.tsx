import { Icon } from "../parts/Icon";
import { useWords } from "../words/capture";

/** The head of a screen that lies over the photos, and the way back to them. */
export function ScreenHead(props: { title: string; onClose: () => void }) {
  const { words } = useWords();
  return (
    <header class="capture-head">
      <h1>{props.title}</h1>
      <button
        type="button"
        class="icon-button"
        aria-label={words.common.close}
        onClick={props.onClose}
      >
        <Icon name="close" size={24} />
      </button>
    </header>
  );
}
