import { useRef } from "preact/hooks";
import { addCustomer, addJob } from "../../api/calls";
import type { Api } from "../../api/client";
import { useWords } from "../../words";
import { type JobFields, newCustomerOf, newJobOf, NO_FIELDS } from "./fields";
import { JobForm } from "./JobForm";
import { useJobForm } from "./useJobForm";

/** Adds a job with its customer. */
export function NewJob(props: { api: Api; onAdded: (jobId: string) => void; onClose: () => void }) {
  const { words } = useWords();
  const { api, onAdded, onClose } = props;
  /** Kept when the job failed after its customer was added, so that trying again adds no second one. */
  const added = useRef<{ customerId: string; customer: string } | null>(null);
  const send = async (fields: JobFields) => {
    const wish = newCustomerOf(fields);
    // A changed name or number is another customer.
    const customer = JSON.stringify(wish);
    if (added.current?.customer !== customer) {
      added.current = { customerId: await addCustomer(api, wish), customer };
    }
    onAdded(await addJob(api, newJobOf(fields, added.current.customerId)));
  };
  return (
    <JobForm
      title={words.newJob.title}
      form={useJobForm(NO_FIELDS, send)}
      withStatus={false}
      save={words.newJob.save}
      saving={words.newJob.saving}
      onClose={onClose}
    />
  );
}
