import { useCallback } from "preact/hooks";
import { listLinks } from "../../api/calls";
import type { Api } from "../../api/client";
import type { Link } from "../../api/types";
import { type Pages, usePages } from "../../lib/usePages";

/** All links to a job, dead ones too. */
export function useLinks(api: Api, jobId: string): Pages<Link> {
  const load = useCallback(
    async (_cursor: string | undefined, signal: AbortSignal) => {
      return { items: await listLinks(api, jobId, signal), next: null };
    },
    [api, jobId],
  );
  return usePages(load, 1);
}
