import { useStore } from "../lib/store";
import { Icon } from "../parts/Icon";
import { switchLanguage, useWords } from "../words";
import { switchTheme, theme } from "./theme";

export function TopBar(props: { company: string; onKeys: () => void; onSignOut: () => void }) {
  const { words } = useWords();
  const current = useStore(theme);
  const label = current === "light" ? words.common.dark : words.common.light;
  return (
    <header class="top-bar">
      <p class="company clip">{props.company}</p>
      <button
        type="button"
        class="icon-button with-keys"
        aria-label={words.keys.title}
        aria-keyshortcuts="?"
        title={words.keys.title}
        onClick={props.onKeys}
      >
        <Icon name="key" />
      </button>
      <button type="button" class="text-button" onClick={switchLanguage}>
        {words.otherLanguage}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        title={label}
        onClick={switchTheme}
      >
        <Icon name={current === "light" ? "moon" : "sun"} />
      </button>
      <button type="button" class="text-button" onClick={props.onSignOut}>
        {words.jobs.signOut}
      </button>
    </header>
  );
}
