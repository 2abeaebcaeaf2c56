import { JOB_STATUSES, type Job, type JobStatus } from "../../api/types";
import { whenText } from "../../lib/format";
import { Icon, StatusIcon } from "../../parts/Icon";
import { ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";

/** How the job stands, where and when it is, and whom it is for. */
export function JobFacts(props: {
  job: Job | null;
  onStatus: (status: JobStatus) => void;
  /** Why the status could not be changed. */
  error: unknown;
}) {
  const { words, language } = useWords();
  const { job } = props;
  if (job === null) return <FactsSkeleton />;
  return (
    <div class="job-facts">
      <StatusSelect status={job.status} onChange={props.onStatus} />
      {props.error !== null && <ProblemNotice error={props.error} />}
      <ul>
        {job.address && (
          <li>
            <Icon name="pin" />
            <a
              href={mapUrl(job.address)}
              target="_blank"
              rel="noopener noreferrer"
              title={words.job.map}
            >
              {job.address}
            </a>
          </li>
        )}
        <li>
          <Icon name="clock" />
          <span>
            {job.scheduled_for
              ? whenText(job.scheduled_for, new Date(), language)
              : words.jobs.unscheduled}
          </span>
        </li>
        {job.customer && <CustomerFacts customer={job.customer} />}
      </ul>
    </div>
  );
}

/** The device's own maps open this address; in a browser it is a page. */
function mapUrl(address: string): string {
  return `https://www.google.com/maps/search/?${new URLSearchParams({ api: "1", query: address })}`;
}

function CustomerFacts({ customer }: { customer: NonNullable<Job["customer"]> }) {
  const { words } = useWords();
  return (
    <>
      <li>
        <Icon name="person" />
        <span>{customer.name}</span>
      </li>
      {customer.phone && (
        <li>
          <Icon name="phone" />
          <a href={`tel:${customer.phone}`} title={words.job.call}>
            {customer.phone}
          </a>
        </li>
      )}
      {customer.email && (
        <li>
          <Icon name="mail" />
          <a href={`mailto:${customer.email}`} class="clip">
            {customer.email}
          </a>
        </li>
      )}
    </>
  );
}

/** The status, changed where it stands. */
function StatusSelect(props: { status: JobStatus; onChange: (status: JobStatus) => void }) {
  const { words } = useWords();
  return (
    <label class={`status-select ${props.status}`}>
      <span class="unseen">{words.jobs.filter}</span>
      <StatusIcon status={props.status} />
      <select
        value={props.status}
        onChange={(event) => {
          const next = JOB_STATUSES.find((status) => status === event.currentTarget.value);
          if (next !== undefined) props.onChange(next);
        }}
      >
        {JOB_STATUSES.map((status) => (
          <option key={status} value={status}>
            {words.status[status]}
          </option>
        ))}
      </select>
      <Icon name="down" size={16} />
    </label>
  );
}

function FactsSkeleton() {
  return (
    <div class="job-facts" aria-hidden="true">
      <span class="skeleton pill" />
      <ul>
        {[1, 2, 3].map((line) => (
          <li key={line}>
            <span class="skeleton bar" />
          </li>
        ))}
      </ul>
    </div>
  );
}
