/** What the form of a job holds, and what of it the server is told. Pure. */
import type {
  ChangeCustomer,
  ChangeJob,
  Job,
  JobStatus,
  NewCustomer,
  NewJob,
} from "../../api/types";

/** The form's fields under the names the contract gives them, so that a refusal finds its field. */
export interface JobFields {
  title: string;
  address: string;
  /** As a field for day and time holds it: local, to the minute; empty for none. */
  scheduled_for: string;
  status: JobStatus;
  name: string;
  phone: string;
  email: string;
}

export const NO_FIELDS: JobFields = {
  title: "",
  address: "",
  scheduled_for: "",
  status: "scheduled",
  name: "",
  phone: "",
  email: "",
};

export function fieldsOf(job: Job): JobFields {
  return {
    title: job.title,
    address: job.address ?? "",
    scheduled_for: job.scheduled_for ? localMinute(job.scheduled_for) : "",
    status: job.status,
    name: job.customer?.name ?? "",
    phone: job.customer?.phone ?? "",
    email: job.customer?.email ?? "",
  };
}

export function isMissing(fields: JobFields, name: keyof JobFields): boolean {
  return (name === "title" || name === "name") && fields[name].trim() === "";
}

export function newCustomerOf(fields: JobFields): NewCustomer {
  return { name: fields.name.trim(), phone: orNull(fields.phone), email: orNull(fields.email) };
}

export function newJobOf(fields: JobFields, customerId: string): NewJob {
  return {
    customer_id: customerId,
    title: fields.title.trim(),
    address: orNull(fields.address),
    scheduled_for: momentOf(fields.scheduled_for),
  };
}

/** What of the job was changed, null for nothing: what was not touched here may have been changed elsewhere. */
export function jobChange(before: JobFields, after: JobFields): ChangeJob | null {
  const change: ChangeJob = {};
  if (differs(before, after, "title")) change.title = after.title.trim();
  if (differs(before, after, "address")) change.address = orNull(after.address);
  if (differs(before, after, "scheduled_for")) change.scheduled_for = momentOf(after.scheduled_for);
  if (before.status !== after.status) change.status = after.status;
  return Object.keys(change).length === 0 ? null : change;
}

/** What of the customer was changed, null for nothing. */
export function customerChange(before: JobFields, after: JobFields): ChangeCustomer | null {
  const change: ChangeCustomer = {};
  if (differs(before, after, "name")) change.name = after.name.trim();
  if (differs(before, after, "phone")) change.phone = orNull(after.phone);
  if (differs(before, after, "email")) change.email = orNull(after.email);
  return Object.keys(change).length === 0 ? null : change;
}

function differs(before: JobFields, after: JobFields, name: keyof JobFields): boolean {
  return before[name].trim() !== after[name].trim();
}

function orNull(text: string): string | null {
  return text.trim() || null;
}

function momentOf(local: string): string | null {
  return local === "" ? null : new Date(local).toISOString();
}

/** A moment as a field for day and time wants it: 2026-11-24T09:30, by this device's clock. */
export function localMinute(rfc3339: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return "";
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
