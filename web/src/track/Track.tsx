import type { Started } from "../start/session";
import { phoneHref, phoneText } from "../lib/format";
import { useTitle } from "../lib/useTitle";
import { Icon } from "../parts/Icon";
import { switchLanguage, useWords } from "../words";
import { JobSkeleton } from "./TrackJob";
import { TrackJobs } from "./TrackJobs";

/** The customer's page: who, how it stands, and the photos. */
export function Track({ started }: { started: Started }) {
  const { words } = useWords();
  const { company_name: company, company_phone: phone } = started.config;
  useTitle(company);
  return (
    <div class="track">
      <header class="track-head">
        <p class="company">{company}</p>
      </header>
      <main>
        <TrackJobs started={started} />
      </main>
      <footer class="track-foot">
        {phone && (
          <a class="button" href={phoneHref(phone)}>
            <Icon name="phone" />
            {words.track.questions(phoneText(phone))}
          </a>
        )}
        <button type="button" class="text-button" onClick={switchLanguage}>
          {words.otherLanguage}
        </button>
      </footer>
    </div>
  );
}

export function TrackSkeleton() {
  return (
    <div class="track">
      <header class="track-head" />
      <main>
        <JobSkeleton />
      </main>
    </div>
  );
}
