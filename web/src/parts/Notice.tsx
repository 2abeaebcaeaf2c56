import type { ComponentChildren } from "preact";
import { ApiError, problemText } from "../api/problem";
import { useWords } from "../words";
import { Icon, type IconName } from "./Icon";

type Tone = "plain" | "bad" | "safe" | "local";

const ICON_OF: Record<Tone, IconName> = {
  plain: "alert",
  bad: "alert",
  safe: "check",
  local: "device",
};

/** One sentence with its colour, its icon and at most one action. */
export function Notice(props: {
  tone: Tone;
  text: string;
  icon?: IconName;
  children?: ComponentChildren;
}) {
  return (
    <div class={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : "status"}>
      <Icon name={props.icon ?? ICON_OF[props.tone]} />
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}

/** The error state of a list: what happened, and trying again. */
export function ProblemNotice(props: { error: unknown; onRetry?: () => void }) {
  const { words } = useWords();
  const id = props.error instanceof ApiError ? props.error.problem.requestId : undefined;
  const reference = id === undefined ? "" : ` ${words.errors.reference(id)}`;
  return (
    <Notice tone="bad" text={problemText(props.error, words) + reference}>
      {props.onRetry && (
        <button type="button" class="button" onClick={props.onRetry}>
          {words.common.tryAgain}
        </button>
      )}
    </Notice>
  );
}
