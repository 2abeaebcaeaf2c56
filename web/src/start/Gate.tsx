import type { ComponentChildren } from "preact";
import { ApiError, problemText } from "../api/problem";
import type { PageConfig } from "../api/types";
import { phoneHref, phoneText } from "../lib/format";
import { Icon, type IconName } from "../parts/Icon";
import { useWords, type Words } from "../words";

type GateKind = "expired" | "signedOut" | "failed";

/** What stands in a page's place when it can't be opened: kindly, and with a way on. */
export function Gate(props: {
  kind: GateKind;
  staff: boolean;
  config: PageConfig | null;
  error: unknown;
  onRetry: () => void;
  /** In place of the usual sentence. */
  text?: string | undefined;
  /** What else there is to say, such as what is safe. */
  children?: ComponentChildren;
}) {
  const { words } = useWords();
  const { icon, title, text } = gateText(props.kind, props.staff, props.error, words);
  const phone = props.config?.company_phone;
  return (
    <main class="gate">
      <Icon name={icon} size={40} />
      {props.config && <p>{props.config.company_name}</p>}
      <h1>{title}</h1>
      <p>{props.text ?? text}</p>
      {props.children}
      {props.kind === "failed" && (
        <button type="button" class="button main" onClick={props.onRetry}>
          {words.common.tryAgain}
        </button>
      )}
      {phone && !props.staff && (
        <a class={props.kind === "failed" ? "button" : "button main"} href={phoneHref(phone)}>
          <Icon name="phone" />
          {words.gate.call(phoneText(phone))}
        </a>
      )}
    </main>
  );
}

function gateText(
  kind: GateKind,
  staff: boolean,
  error: unknown,
  words: Words,
): { icon: IconName; title: string; text: string } {
  const { gate } = words;
  switch (kind) {
    case "expired":
      return {
        icon: "link",
        title: gate.expiredTitle,
        text: staff ? gate.expiredStaff : gate.expired,
      };
    case "signedOut":
      return {
        icon: "link",
        title: gate.signedOutTitle,
        text: staff ? gate.signedOutStaff : gate.signedOut,
      };
    case "failed":
      return {
        icon: "alert",
        title: isOffline(error) ? gate.offlineTitle : gate.problemTitle,
        text: problemText(error, words),
      };
  }
}

function isOffline(error: unknown): boolean {
  return error instanceof ApiError && error.kind === "offline";
}
