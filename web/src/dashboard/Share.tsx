import { useCallback, useState } from "preact/hooks";
import { listLinks, makeLink, revokeLink } from "../api/calls";
import type { Api } from "../api/client";
import type { Link } from "../api/types";
import { dayText, whenText } from "../lib/format";
import { type Pages, usePages } from "../lib/usePages";
import { CopyField } from "../parts/CopyField";
import { Question } from "../parts/Dialog";
import { ProblemNotice } from "../parts/Notice";
import { useWords } from "../words";

type LinkRole = "customer" | "crew";

/** Making, copying and turning off the links of a job. */
export function Share(props: { api: Api; jobId: string }) {
  const { words } = useWords();
  const { api, jobId } = props;
  const links = useLinks(api, jobId);
  return (
    <section aria-labelledby="share-title">
      <h3 id="share-title">{words.share.title}</h3>
      <MakeLink api={api} jobId={jobId} linkRole="customer" onMade={links.reload} />
      <MakeLink api={api} jobId={jobId} linkRole="crew" onMade={links.reload} />
      <LinksInUse api={api} links={links} />
    </section>
  );
}

function useLinks(api: Api, jobId: string): Pages<Link> {
  const load = useCallback(
    async (_cursor: string | undefined, signal: AbortSignal) => {
      return { items: await listLinks(api, jobId, signal), next: null };
    },
    [api, jobId],
  );
  return usePages(load, 1);
}

type Making = { kind: "idle" } | { kind: "making" } | { kind: "made"; url: string };

function MakeLink(props: { api: Api; jobId: string; linkRole: LinkRole; onMade: () => void }) {
  const { words } = useWords();
  const { api, jobId, linkRole: role, onMade } = props;
  const [state, setState] = useState<Making>({ kind: "idle" });
  const [error, setError] = useState<unknown>(null);

  const make = () => {
    setState({ kind: "making" });
    setError(null);
    makeLink(api, jobId, role).then(
      (url) => {
        setState({ kind: "made", url });
        onMade();
      },
      (failure) => {
        setState({ kind: "idle" });
        setError(failure);
      },
    );
  };

  return (
    <div class="make-link" data-role={role}>
      <div class="make-link-row">
        <div>
          <p class="title">{words.share[role]}</p>
          <p class="soft small">
            {role === "customer" ? words.share.customerHelp : words.share.crewHelp}
          </p>
        </div>
        {state.kind !== "made" && (
          <button
            type="button"
            class="button"
            disabled={state.kind === "making"}
            aria-label={`${words.share.make}: ${words.share[role]}`}
            onClick={make}
          >
            {state.kind === "making" ? words.share.making : words.share.make}
          </button>
        )}
      </div>
      {state.kind === "made" && (
        <>
          <CopyField label={words.share[role]} value={state.url} />
          <p class="soft small">{words.share.shownOnce}</p>
        </>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

function LinksInUse(props: { api: Api; links: Pages<Link> }) {
  const { words } = useWords();
  const { api, links } = props;
  const [asking, setAsking] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const now = Date.now();
  const inUse = links.items.filter(
    (link) => !link.revoked_at && new Date(link.expires_at).getTime() > now,
  );
  const revoke = (linkId: string) => {
    setAsking(null);
    setError(null);
    revokeLink(api, linkId).then(links.reload, setError);
  };
  if (links.kind === "error") return <ProblemNotice error={links.error} onRetry={links.reload} />;
  if (links.kind === "loading" || inUse.length === 0) return null;
  return (
    <div class="links">
      <h4>{words.share.existing}</h4>
      <ul>
        {inUse.map((link) => (
          <LinkRow key={link.link_id} link={link} onRevoke={() => setAsking(link.link_id)} />
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
