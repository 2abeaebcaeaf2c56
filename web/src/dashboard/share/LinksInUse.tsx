import { useEffect, useRef, useState } from "preact/hooks";
import { revokeLink } from "../../api/calls";
import type { Api } from "../../api/client";
import type { Link } from "../../api/types";
import { dayText, whenText } from "../../lib/format";
import type { Pages } from "../../lib/usePages";
import { Question } from "../../parts/Dialog";
import { ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";

/** The links that still open, each with a way to turn it off. */
export function LinksInUse({ api, links }: { api: Api; links: Pages<Link> }) {
  const { words } = useWords();
  const [asking, setAsking] = useState<Link | null>(null);
  const [error, setError] = useState<unknown>(null);
  const revoked = useRef(false);
  const now = Date.now();
  const inUse = links.items.filter(
    (link) => !link.revoked_at && new Date(link.expires_at).getTime() > now,
  );
  // A row that goes away takes its button, and with it the focus: that goes to what is above.
  useEffect(() => {
    const lost = document.activeElement === document.body;
    if (lost && revoked.current) document.getElementById("share-title")?.focus();
    revoked.current = false;
  }, [inUse.length]);
  const revoke = (link: Link) => {
    setAsking(null);
    setError(null);
    revoked.current = true;
    revokeLink(api, link.link_id).then(links.reload, setError);
  };
  if (links.kind === "error") return <ProblemNotice error={links.error} onRetry={links.reload} />;
  if (links.kind === "loading" || inUse.length === 0) return null;
  return (
    <div class="links">
      <h4>{words.share.existing}</h4>
      <ul>
        {inUse.map((link) => (
          <LinkRow key={link.link_id} link={link} onRevoke={() => setAsking(link)} />
        ))}
      </ul>
      {error !== null && <ProblemNotice error={error} />}
      {asking !== null && (
        <Question
          question={words.share.revokeQuestion}
          confirm={words.share.revokeConfirm}
          keep={words.job.keep}
          onClose={() => setAsking(null)}
          onConfirm={() => revoke(asking)}
        />
      )}
    </div>
  );
}

function LinkRow({ link, onRevoke }: { link: Link; onRevoke: () => void }) {
  const { words, language } = useWords();
  const now = new Date();
  const name = link.role === "crew" ? words.share.crew : words.share.customer;
  const used = link.last_used_at
    ? words.share.lastUsed(whenText(link.last_used_at, now, language))
    : words.share.neverUsed;
  return (
    <li class="link-row">
      <div>
        <p>{name}</p>
        <p class="soft small">
          {used} · {words.share.until(dayText(link.expires_at, now, language))}
        </p>
      </div>
      <button type="button" class="text-button" onClick={onRevoke}>
        {words.share.revoke}
      </button>
    </li>
  );
}
