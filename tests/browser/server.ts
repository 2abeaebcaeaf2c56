import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What `qdn serve` writes into its ready file. */
export interface Ready {
  api: string;
  store: string;
  application_key: string;
  tokens: { staff: string; crew: string; customer: string };
  sample_job_id: string;
}

/** What the tests read of a photo. */
export interface ListedPhoto {
  photo_id: string;
  name: string;
  size: number;
  phase: string | null;
  taken_at: string | null;
  location: { latitude: number; longitude: number } | null;
  url: string;
}

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;

/** A running qdn with an empty data folder of its own. */
export class Server {
  private constructor(
    public ready: Ready,
    private child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts the binary that QDN_BIN names, with more settings if need be, and waits until both its ports answer. */
  static async start(...settings: string[]): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), "qdn-browser-"));
    const { ready, child } = await serve(folder, "127.0.0.1:0", settings);
    return new Server(ready, child, folder);
  }

  /** Starts it again with the same data and address, but its store at another one. */
  async moveStore(): Promise<void> {
    const before = this.ready;
    await this.end();
    const { ready, child } = await serve(this.folder, new URL(before.api).host, []);
    if (ready.store === before.store) throw new Error("the store is where it was");
    [this.ready, this.child] = [ready, child];
  }

  /** Stops the server as a service manager does; it must end by itself and well. */
  async stop(): Promise<void> {
    const code = await this.end();
    await rm(this.folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`qdn serve ended with ${code ?? "a signal"} on SIGTERM`);
  }

  private async end(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode !== null) throw new Error("qdn serve ended before it was told to");
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_MS_MAX);
    const code = await ended;
    clearTimeout(timer);
    return code;
  }

  /** The address of a page as a link of that role opens it. */
  link(page: "dashboard" | "track" | "capture", token: string): string {
    return `${this.ready.api}/${page}/#t=${token}`;
  }

  /** Calls the API as staff, without a browser. Throws on any refusal. */
  async asStaff<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.ready.api + path, {
      method,
      headers: {
        "x-api-key": this.ready.application_key,
        authorization: `Bearer ${this.ready.tokens.staff}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** A new job of a new customer. */
  async addJob(title: string): Promise<string> {
    const { customer_id } = await this.asStaff<{ customer_id: string }>("POST", "/customers", {
      name: `Customer of ${title}`,
    });
    const { job_id } = await this.asStaff<{ job_id: string }>("POST", "/jobs", {
      customer_id,
      title,
      address: "128 Maple Street",
    });
    return job_id;
  }

  /** A new link to a job, as its address. */
  async mintLink(jobId: string, role: "customer" | "crew"): Promise<string> {
    return (await this.newLink(jobId, role)).url;
  }

  /** A new link to a job, with the id by which it is taken back. */
  newLink(jobId: string, role: "customer" | "crew"): Promise<{ url: string; link_id: string }> {
    return this.asStaff("POST", `/jobs/${jobId}/links`, { role });
  }

  /** What the server itself lists for a job. */
  async listPhotos(jobId: string): Promise<ListedPhoto[]> {
    const query = new URLSearchParams({ job_id: jobId, limit: "1000" });
    return (await this.asStaff<{ photos: ListedPhoto[] }>("GET", `/list_photos?${query}`)).photos;
  }
}

/** Starts the program and waits until both its ports answer. */
async function serve(
  folder: string,
  listen: string,
  settings: readonly string[],
): Promise<{ ready: Ready; child: ChildProcess }> {
  const binary = process.env.QDN_BIN;
  if (!binary) throw new Error("QDN_BIN must name the qdn binary, for instance target/debug/qdn");
  const readyFile = join(folder, "ready.json");
  await rm(readyFile, { force: true });
  const child = spawn(
    binary,
    [
      ...["serve", "--data", join(folder, "data"), "--ready-file", readyFile],
      ...["--listen", listen, "--store-listen", "127.0.0.1:0"],
      ...settings,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const until = Date.now() + READY_MS_MAX;
  while (Date.now() < until && child.exitCode === null) {
    const ready = await readReady(readyFile);
    if (ready !== null) return { ready, child };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`qdn serve was not ready in time; it said: ${said}`);
}

/** The ready file's content, null while it is not there or not whole. */
async function readReady(file: string): Promise<Ready | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Ready;
  } catch {
    return null;
  }
}
