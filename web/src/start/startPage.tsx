import { type ComponentType, render, type VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announceLanguage } from "../words";
import { tokenOf } from "./ahead";
import { Gate } from "./Gate";
import { type Started, type StartOptions, type StartResult, signIn } from "./session";

/** A page: what it shows once signed in, and in its place until then. */
export interface PageParts {
  View: ComponentType<{ started: Started }>;
  Skeleton: ComponentType;
}

/** Signs in and shows the page in the element `#page`. */
export function startPage(options: StartOptions, parts: PageParts): void {
  mountPage(<Root options={options} {...parts} />);
}

/** Shows a page in the element `#page`. */
export function mountPage(page: VNode): void {
  announceLanguage();
  // Opening another link in the same tab changes only the fragment, which loads nothing by itself.
  window.addEventListener("hashchange", () => {
    if (tokenOf(location.hash) !== null) location.reload();
  });
  const element = document.getElementById("page");
  if (element === null) throw new Error("the page has no element #page");
  element.replaceChildren();
  render(page, element);
}

function Root(props: { options: StartOptions } & PageParts) {
  const [result, setResult] = useState<StartResult | null>(null);
  const [round, setRound] = useState(0);
  // a new round signs in again.
  useEffect(() => {
    let current = true;
    signIn(props.options).then((next) => {
      if (current) setResult(next);
    });
    return () => {
      current = false;
    };
  }, [props.options, round]);

  const { View, Skeleton } = props;
  if (result === null || result.kind === "leaving") return <Skeleton />;
  if (result.kind === "ready") return <View started={result.started} />;
  return (
    <Gate
      kind={result.kind}
      staff={props.options.role === "staff"}
      config={result.config}
      error={result.error}
      onRetry={() => {
        setResult(null);
        setRound(round + 1);
      }}
    />
  );
}
