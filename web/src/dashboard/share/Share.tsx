import type { Api } from "../../api/client";
import type { Job, Link } from "../../api/types";
import type { Pages } from "../../lib/usePages";
import { useWords } from "../../words";
import { LinksInUse } from "./LinksInUse";
import { MakeLink } from "./MakeLink";

/** Making, handing over and turning off the links of a job. */
export function Share(props: {
  api: Api;
  jobId: string;
  job: Job | null;
  company: string;
  links: Pages<Link>;
}) {
  const { words } = useWords();
  const { api, jobId, job, company, links } = props;
  return (
    <section aria-labelledby="share-title">
      <h3 id="share-title" tabIndex={-1}>
        {words.share.title}
      </h3>
      {(["customer", "crew"] as const).map((role) => (
        <MakeLink
          key={role}
          api={api}
          jobId={jobId}
          job={job}
          company={company}
          linkRole={role}
          onMade={links.reload}
        />
      ))}
      <LinksInUse api={api} links={links} />
    </section>
  );
}
