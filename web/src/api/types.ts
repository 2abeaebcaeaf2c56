/** The shapes the pages use, named. They follow the generated contract and are spelled nowhere else. */
import type { paths } from "./generated";

type Answer<Responses> = Responses extends { content: { "application/json": infer Body } }
  ? Body
  : never;
type Ok<Operation> = Operation extends { responses: infer Responses }
  ? Answer<Responses[Extract<keyof Responses, 200 | 201>]>
  : never;

export type PageConfig = Ok<paths["/config.json"]["get"]>;
export type Session = Ok<paths["/session"]["get"]>;
export type Role = Session["role"];
export type Job = Ok<paths["/jobs"]["get"]>["jobs"][number];
export type JobStatus = Job["status"];
export type Link = Ok<paths["/jobs/{job_id}/links"]["get"]>["links"][number];
export type MintedLink = Ok<paths["/jobs/{job_id}/links"]["post"]>;
export type Photo = Ok<paths["/list_photos"]["get"]>["photos"][number];
export type UploadGrant = Ok<paths["/upload-url"]["post"]>;
