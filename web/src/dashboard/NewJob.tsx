import { useState } from "preact/hooks";
import { addCustomer, addJob } from "../api/calls";
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { NewCustomer, NewJob as NewJobBody } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { ProblemNotice } from "../parts/Notice";
import { useWords } from "../words";

/** The form's fields under the names the contract gives them, so that a refusal finds its field. */
interface Fields {
  title: string;
  name: string;
  phone: string;
  email: string;
  address: string;
  scheduled_for: string;
}

const NOTHING: Fields = {
  title: "",
  name: "",
  phone: "",
  email: "",
  address: "",
  scheduled_for: "",
};

/** What the form knows, and saving it. */
function useNewJob(api: Api, onAdded: (jobId: string) => void) {
  const [fields, setFields] = useState(NOTHING);
  const [saving, setSaving] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<unknown>(null);
  /** Kept when the job failed after its customer was added, so that trying again adds no second one. */
  const [customerId, setCustomerId] = useState<string | null>(null);

  const isMissing = (name: keyof Fields) =>
    (name === "title" || name === "name") && fields[name].trim() === "";
  const change = (name: keyof Fields, value: string) => {
    setFields({ ...fields, [name]: value });
    // A changed name or number is another customer.
    if (name === "name" || name === "phone" || name === "email") setCustomerId(null);
  };
  const save = async () => {
    setTried(true);
    if (isMissing("title") || isMissing("name")) return;
    setSaving(true);
    setError(null);
    try {
      const customer = customerId ?? (await addCustomer(api, customerOf(fields)));
      setCustomerId(customer);
      onAdded(await addJob(api, jobOf(fields, customer)));
    } catch (failure) {
      setError(failure);
      setSaving(false);
    }
  };
  return {
    fields,
    change,
    save,
    saving,
    error,
    missing: (name: keyof Fields) => tried && isMissing(name),
  };
}

/** Adds a job with its customer. */
export function NewJob(props: { api: Api; onAdded: (jobId: string) => void; onClose: () => void }) {
  const { words } = useWords();
  const { fields, change, save, saving, error, missing } = useNewJob(props.api, props.onAdded);

  const refused = error instanceof ApiError ? error.problem : {};
  const problemOf = (name: keyof Fields): string | null => {
    if (missing(name)) return words.newJob.required;
    return refused.field === name ? (refused.detail ?? words.errors.invalid) : null;
  };
  const field = (name: keyof Fields, label: string, look: FieldLook = {}) => (
    <Field
      label={label}
      value={fields[name]}
      problem={problemOf(name)}
      onChange={(value) => change(name, value)}
      {...look}
    />
  );
  const shownAtField = refused.field !== undefined && refused.field in fields;

  return (
    <Dialog class="sheet" labelledBy="new-job" onClose={props.onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <h2 id="new-job">{words.newJob.title}</h2>
        {field("title", words.newJob.jobTitle, { placeholder: words.newJob.jobTitleHint })}
        {field("name", words.newJob.customerName)}
        <div class="two">
          {field("phone", words.newJob.phone, { type: "tel", optional: true })}
          {field("email", words.newJob.email, { type: "email", optional: true })}
        </div>
        {field("address", words.newJob.address, { optional: true })}
        {field("scheduled_for", words.newJob.when, { type: "datetime-local", optional: true })}
        {error !== null && !shownAtField && <ProblemNotice error={error} />}
        <div class="actions">
          <button type="button" class="button" onClick={props.onClose}>
            {words.common.cancel}
          </button>
          <button type="submit" class="button main" disabled={saving}>
            {saving ? words.newJob.saving : words.newJob.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldLook {
  type?: "tel" | "email" | "datetime-local";
  placeholder?: string;
  optional?: boolean;
}

function Field(
  props: FieldLook & {
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

function customerOf(fields: Fields): NewCustomer {
  return {
    name: fields.name.trim(),
    phone: fields.phone.trim() || null,
    email: fields.email.trim() || null,
  };
}

function jobOf(fields: Fields, customerId: string): NewJobBody {
  return {
    customer_id: customerId,
    title: fields.title.trim(),
    address: fields.address.trim() || null,
    scheduled_for:
      fields.scheduled_for === "" ? null : new Date(fields.scheduled_for).toISOString(),
  };
}
