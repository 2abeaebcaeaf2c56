import { useState } from "preact/hooks";
import { makeLink } from "../../api/calls";
import type { Api } from "../../api/client";
import type { Job, LinkRole, MadeLink } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";
import { ShareDialog } from "./ShareDialog";

const DAY_SECONDS = 86_400;
/** How long a link may work, in days; the server allows up to a year. */
const DAYS = [1, 7, 30, 90, 365] as const;
const DAYS_AT_FIRST: Record<LinkRole, number> = { customer: 90, crew: 30 };

/** One kind of link: for whom, how long, and the button that makes it. */
export function MakeLink(props: {
  api: Api;
  jobId: string;
  job: Job | null;
  company: string;
  linkRole: LinkRole;
  onMade: () => void;
}) {
  const { words } = useWords();
  const { api, jobId, linkRole: role, onMade } = props;
  const [days, setDays] = useState(DAYS_AT_FIRST[role]);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeLink | null>(null);
  const [error, setError] = useState<unknown>(null);
  const make = () => {
    if (making) return;
    setMaking(true);
    setError(null);
    makeLink(api, jobId, role, days * DAY_SECONDS)
      .then((link) => {
        setMade(link);
        onMade();
      }, setError)
      .finally(() => setMaking(false));
  };
  return (
    <div class="make-link" data-role={role}>
      <Icon name={role === "customer" ? "person" : "camera"} />
      <div class="whom">
        <p class="title">{words.share[role]}</p>
        <p class="soft small">
          {role === "customer" ? words.share.customerHelp : words.share.crewHelp}
        </p>
      </div>
      <div class="make-link-acts">
        <DaysSelect
          label={words.share.worksFor(words.share[role])}
          days={days}
          onChange={setDays}
        />
        <button
          type="button"
          class="button"
          aria-disabled={making}
          aria-label={`${words.share.make}: ${words.share[role]}`}
          onClick={make}
        >
          {making ? words.share.making : words.share.make}
        </button>
      </div>
      {error !== null && <ProblemNotice error={error} />}
      {made !== null && (
        <ShareDialog
          link={made}
          linkRole={role}
          job={props.job}
          company={props.company}
          onClose={() => setMade(null)}
        />
      )}
    </div>
  );
}

function DaysSelect(props: { label: string; days: number; onChange: (days: number) => void }) {
  const { words } = useWords();
  return (
    <label class="select">
      <span class="unseen">{props.label}</span>
      <select
        class="input"
        value={props.days}
        onChange={(event) => props.onChange(Number(event.currentTarget.value))}
      >
        {DAYS.map((count) => (
          <option key={count} value={count}>
            {words.share.days[count]}
          </option>
        ))}
      </select>
      <Icon name="down" size={16} />
    </label>
  );
}
