// A whole crawl by a client whose types are generated from openapi.yaml:
//     node client.js SERVICE URL...
// prints what it met as one line of JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";

type Job = components["schemas"]["Job"];
type Link = components["schemas"]["Link"];
type LinkPage = components["schemas"]["LinkPage"];
type Problem = components["schemas"]["Problem"];

declare const process: { argv: string[] };

const [service, ...urls] = process.argv.slice(2) as [string, ...string[]];
const crawld = createClient<paths>({ baseUrl: service });

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** The data of an answer, or its problem thrown. */
function dataOf<T>(answer: { data?: T; error?: Problem }): NonNullable<T> {
  if (answer.data === undefined || answer.data === null) throw new Refused(answer.error!);
  return answer.data;
}

async function submit(): Promise<string> {
  const body = { urls, name: "typed", metadata: { batch: 7 }, extract: { elements: ["a"], text: true } };
  const created = dataOf(await crawld.POST("/v1/jobs", { body, params: { query: { strict: "1" } } }));
  if (!("id" in created)) throw new Error("this was no dry run");
  if (created.submission?.accepted !== urls.length) throw new Error("not all were accepted");
  return created.id;
}

/** Holds a call open until the job has moved on, again and again. */
async function finished(id: string): Promise<Job> {
  let since = 0;
  for (;;) {
    const query = { wait: 10, since };
    const job = dataOf(await crawld.GET("/v1/jobs/{id}", { params: { path: { id }, query } }));
    if (job.is_finished) return job;
    since = job.version;
  }
}

async function links(id: string): Promise<Link[]> {
  const all: Link[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 2 } : { limit: 2, cursor };
    const answer = await crawld.GET("/v1/jobs/{id}/links", { params: { path: { id }, query } });
    const page = dataOf(answer) as LinkPage; // the others of its formats are text
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

async function tsv(id: string): Promise<string> {
  const params = { path: { id }, query: { format: "tsv" as const } };
  return dataOf(await crawld.GET("/v1/jobs/{id}/links", { params, parseAs: "text" }));
}

/** What the service calls the mistake. */
async function mistake(): Promise<Problem["code"]> {
  const answer = await crawld.POST("/v1/jobs", { body: { urls: [] } });
  return answer.error!.code;
}

const id = await submit();
const job = await finished(id);
console.log(
  JSON.stringify({
    state: job.state,
    succeeded: job.counts.succeeded,
    batch: job.metadata["batch"],
    links: (await links(id)).map((link) => [link.source_url, link.parsed_url, link.text]),
    tsv: await tsv(id),
    mistake: await mistake(),
  }),
);
