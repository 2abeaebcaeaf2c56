import type { Job, Link, Photo } from "../../api/types";
import { whenText } from "../../lib/format";
import type { Pages } from "../../lib/usePages";
import { Icon, type IconName } from "../../parts/Icon";
import { useWords, type Words } from "../../words";
import { type HistoryEvent, historyOf } from "./history";

const ICON_OF: Record<HistoryEvent["kind"], IconName> = {
  added: "plus",
  photos: "image",
  linkMade: "link",
  linkOff: "close",
  linkEnded: "clock",
};

/** What happened to the job. Shown once everything it is made of is there: half a history would be a wrong one. */
export function History(props: { job: Job | null; photos: Pages<Photo>; links: Pages<Link> }) {
  const { words, language } = useWords();
  const { job, photos, links } = props;
  if (job === null || photos.kind !== "ready" || photos.more || links.kind !== "ready") return null;
  const now = new Date();
  return (
    <section aria-labelledby="history-title">
      <h3 id="history-title">{words.history.title}</h3>
      <ol class="history">
        {historyOf(job, photos.items, links.items, now).map((event) => (
          <li key={`${event.kind} ${event.at}`}>
            <Icon name={ICON_OF[event.kind]} size={16} />
            <span>{eventText(event, words)}</span>
            <time class="soft small" dateTime={event.at}>
              {whenText(event.at, now, language)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function eventText(event: HistoryEvent, words: Words): string {
  switch (event.kind) {
    case "added":
      return words.history.added;
    case "photos":
      return words.history.photos(event.count);
    case "linkMade":
      return words.history.linkMade[event.role];
    case "linkOff":
      return words.history.linkOff[event.role];
    case "linkEnded":
      return words.history.linkEnded[event.role];
  }
}
