import { ApiError } from "../../api/problem";
import { JOB_STATUSES, type JobStatus } from "../../api/types";
import { Dialog } from "../../parts/Dialog";
import { ProblemNotice } from "../../parts/Notice";
import { useWords } from "../../words";
import type { JobFields } from "./fields";
import type { JobFormState } from "./useJobForm";

/** A job and its customer as a form in a dialog: for a new one and for a change. */
export function JobForm(props: {
  title: string;
  form: JobFormState;
  /** Whether the status is to be chosen: a new job is always a scheduled one. */
  withStatus: boolean;
  save: string;
  saving: string;
  onClose: () => void;
}) {
  const { words } = useWords();
  const { form } = props;
  const { fields, change, error } = form;
  const refused = error instanceof ApiError ? error.problem : {};
  const problemOf = (name: keyof JobFields): string | null => {
    if (form.missing(name)) return words.newJob.required;
    return refused.field === name ? (refused.detail ?? words.errors.invalid) : null;
  };
  const field = (name: keyof JobFields, label: string, look: FieldLook = {}) => (
    <Field
      name={name}
      label={label}
      value={fields[name]}
      problem={problemOf(name)}
      onChange={(value) => change({ [name]: value })}
      {...look}
    />
  );
  const shownAtField = refused.field !== undefined && refused.field in fields;
  return (
    <Dialog class="sheet job-form" labelledBy="job-form" onClose={props.onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void form.save();
        }}
      >
        <h2 id="job-form">{props.title}</h2>
        {field("title", words.newJob.jobTitle, { placeholder: words.newJob.jobTitleHint })}
        {field("address", words.newJob.address, { optional: true })}
        <div class="two">
          {field("scheduled_for", words.newJob.when, { type: "datetime-local", optional: true })}
          {props.withStatus && (
            <StatusField status={fields.status} onChange={(status) => change({ status })} />
          )}
        </div>
        {field("name", words.newJob.customerName)}
        <div class="two">
          {field("phone", words.newJob.phone, { type: "tel", optional: true })}
          {field("email", words.newJob.email, { type: "email", optional: true })}
        </div>
        {error !== null && !shownAtField && <ProblemNotice error={error} />}
        <div class="actions">
          <button type="button" class="button" onClick={props.onClose}>
            {words.common.cancel}
          </button>
          <button type="submit" class="button main" aria-disabled={form.saving}>
            {form.saving ? props.saving : props.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function StatusField(props: { status: JobStatus; onChange: (status: JobStatus) => void }) {
  const { words } = useWords();
  return (
    <label class="field">
      <span>{words.jobs.filter}</span>
      <select
        class="input"
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
    </label>
  );
}

interface FieldLook {
  type?: "tel" | "email" | "datetime-local";
  placeholder?: string;
  optional?: boolean;
}

function Field(
  props: FieldLook & {
    name: string;
    label: string;
    value: string;
    problem: string | null;
    onChange: (value: string) => void;
  },
) {
  const { words } = useWords();
  return (
    <label class="field">
      <span>
        {props.label}
        {props.optional && ` (${words.common.optional})`}
      </span>
      <input
        class="input"
        name={props.name}
        // The typings tell each type of input apart; these four share all that is used here.
        type={(props.type ?? "text") as "text"}
        autocomplete="off"
        placeholder={props.placeholder}
        value={props.value}
        aria-invalid={props.problem !== null}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
      {props.problem !== null && (
        <span>
          <em role="alert">{props.problem}</em>
        </span>
      )}
    </label>
  );
}
