import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * A modal dialog for as long as it is rendered. The browser's own: it holds the focus, closes with Escape and
 * gives the focus back.
 */
export function Dialog(props: {
  class: string;
  labelledBy: string;
  onClose: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      // Taking an open dialog out of the page skips the browser's own return of the focus.
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.class}
      aria-labelledby={props.labelledBy}
      onClose={props.onClose}
      onKeyDown={props.onKeyDown}
    >
      {props.children}
    </dialog>
  );
}

/** True while a modal dialog is open; keys then belong to it. */
export function isDialogOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

/** A clear question before a destructive act. The harmless answer has the focus. */
export function Question(props: {
  question: string;
  confirm: string;
  keep: string;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog class="sheet" labelledBy="question" onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onConfirm();
        }}
      >
        <p id="question">{props.question}</p>
        <div class="actions">
          <button type="button" class="button" onClick={props.onClose}>
            {props.keep}
          </button>
          <button type="submit" class="button danger">
            {props.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
