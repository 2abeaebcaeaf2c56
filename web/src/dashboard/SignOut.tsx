import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { signOut } from "../api/calls";
import { useStore } from "../lib/store";
import { Dialog } from "../parts/Dialog";
import { ProblemNotice } from "../parts/Notice";
import { isActive } from "../upload/items";
import { useWords } from "../words";
import type { Desk } from "./desk";

/** Tells the dashboard's other tabs in this browser. */
const channelName = "qdn-signed-out";

/**
 * Signs out: at once where nothing is under way, after a question while photos are still being sent. Photos that were
 * deleted a moment ago are deleted first.
 */
export function SignOut({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const { words } = useWords();
  const { api, uploads, deletions } = desk;
  const sending = useStore(uploads.items).filter(isActive).length;
  const [sure, setSure] = useState(sending === 0);
  const [error, setError] = useState<unknown>(null);
  const leave = useCallback(async () => {
    setError(null);
    try {
      await deletions.flush(false);
      await signOut(api);
    } catch (failure) {
      setError(failure);
      return;
    }
    for (const { id } of uploads.items.get()) uploads.remove(id);
    new BroadcastChannel(channelName).postMessage(null);
    leavePage();
  }, [api, uploads, deletions]);
  useEffect(() => {
    if (sure) void leave();
  }, [sure, leave]);
  if (sure && error === null) return null;
  return (
    <Dialog class="sheet" labelledBy="sign-out" onClose={onClose}>
      <p id="sign-out">{error === null ? words.signOut.question(sending) : words.signOut.failed}</p>
      {error !== null && <ProblemNotice error={error} />}
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          {words.signOut.stay}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => (error === null ? setSure(true) : void leave())}
        >
          {words.jobs.signOut}
        </button>
      </div>
    </Dialog>
  );
}

/** Leaves nothing behind: not on this page, which the back button may bring back as it was, and not in other tabs. */
function leavePage(): void {
  const page = document.getElementById("page");
  if (page !== null) render(null, page);
  location.replace("/dashboard/");
}

/** Leaves this tab too when another one signs out, and asks anew who looks at a page that the back button brings. */
export function followSignOut(): void {
  if (typeof BroadcastChannel !== "undefined") {
    new BroadcastChannel(channelName).onmessage = leavePage;
  }
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted && document.getElementById("page")?.childElementCount === 0) location.reload();
  });
}
