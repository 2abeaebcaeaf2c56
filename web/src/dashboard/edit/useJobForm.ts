import { useState } from "preact/hooks";
import { isMissing, type JobFields } from "./fields";

export interface JobFormState {
  fields: JobFields;
  change: (part: Partial<JobFields>) => void;
  save: () => Promise<void>;
  saving: boolean;
  error: unknown;
  /** Whether a field that must be filled in is empty, once somebody has tried to save. */
  missing: (name: keyof JobFields) => boolean;
}

/** What a form of a job holds. `send` saves it and rejects with what went wrong. */
export function useJobForm(
  initial: JobFields,
  send: (fields: JobFields) => Promise<void>,
): JobFormState {
  const [fields, setFields] = useState(initial);
  const [saving, setSaving] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    if (saving) return;
    setTried(true);
    if (isMissing(fields, "title") || isMissing(fields, "name")) return;
    setSaving(true);
    setError(null);
    try {
      await send(fields);
    } catch (failure) {
      setError(failure);
    } finally {
      setSaving(false);
    }
  };
  return {
    fields,
    change: (part) => setFields((old) => ({ ...old, ...part })),
    save,
    saving,
    error,
    missing: (name) => tried && isMissing(fields, name),
  };
}
