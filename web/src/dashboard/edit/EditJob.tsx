import { useState } from "preact/hooks";
import { changeCustomer, changeJob, readJob } from "../../api/calls";
import type { Api } from "../../api/client";
import type { Job } from "../../api/types";
import { useWords } from "../../words";
import { customerChange, fieldsOf, jobChange, type JobFields } from "./fields";
import { JobForm } from "./JobForm";
import { useJobForm } from "./useJobForm";

/** Changes a job and its customer. */
export function EditJob(props: {
  api: Api;
  job: Job;
  onSaved: (job: Job) => void;
  onClose: () => void;
}) {
  const { words } = useWords();
  const { api, job, onSaved, onClose } = props;
  /** As it was when the dialog opened: news that arrive meanwhile must not look like changes made here. */
  const [before] = useState(() => fieldsOf(job));
  const send = async (fields: JobFields) => {
    const customer = customerChange(before, fields);
    if (customer !== null && job.customer) {
      await changeCustomer(api, job.customer.customer_id, customer);
    }
    const change = jobChange(before, fields);
    // A changed customer is in the job's answer too.
    if (change !== null) onSaved(await changeJob(api, job.job_id, change));
    else if (customer !== null) onSaved(await readJob(api, job.job_id));
    else onClose();
  };
  return (
    <JobForm
      title={words.editJob.title}
      form={useJobForm(before, send)}
      withStatus
      save={words.editJob.save}
      saving={words.editJob.saving}
      onClose={onClose}
    />
  );
}
