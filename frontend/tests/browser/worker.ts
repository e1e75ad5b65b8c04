/** A worker: an agent with its own API key, using the REST API. */
import { api, url } from "./harness";

export interface Claimed {
  job_id: string;
  title: string;
  stage: string | null;
}

export interface MessageLine {
  kind: "chat" | "step" | "log";
  content: string;
  role?: string;
  sender?: string;
  level?: string;
}

export class Worker {
  private constructor(
    readonly agentId: string,
    readonly workflowId: string,
    private readonly key: string,
  ) {}

  static async create(workflowId: string, name = "Robot"): Promise<Worker> {
    const { id } = await api<{ id: string }>("POST", "/api/agents", { name, workflows: [workflowId] });
    const { key } = await api<{ key: string }>("POST", "/api/keys", { name: `key of ${name}`, actor_id: id });
    return new Worker(id, workflowId, key);
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>("GET", path);
  }

  post<T = Record<string, unknown>>(path: string, body: unknown): Promise<T> {
    return this.send<T>("POST", path, JSON.stringify(body));
  }

  private async send<T>(method: string, path: string, body?: string): Promise<T> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.key}` };
    const answer = await fetch(url + path, { method, headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Claims the next job; fails if there is none. */
  async claim(): Promise<Lease> {
    const { job, lease_token } = await this.post<{ job: Claimed | null; lease_token: string | null }>(
      "/api/jobs/claim",
      { workflow_id: this.workflowId, worker: "robot-1", lease_seconds: 120 },
    );
    if (!job || !lease_token) throw new Error("no job to claim");
    return new Lease(this, job, lease_token);
  }
}

export class Lease {
  constructor(
    private readonly worker: Worker,
    readonly job: Claimed,
    private readonly lease_token: string,
  ) {}

  stage = (stage: string, message?: string) => this.send("stage", { stage, message });
  progress = (progress: number, message: string) => this.send("progress", { progress, message });
  appendMessages = (...messages: MessageLine[]) => this.send("messages", { messages });
  complete = (more: Record<string, unknown> = {}) => this.send("complete", more);
  fail = (error: string, retry = false) => this.send("fail", { error, retry });
  cancelled = () => this.send("cancelled", {});
  heartbeat = () => this.send<{ status: string; cancel_requested: boolean }>("heartbeat", {});

  private send<T = Record<string, unknown>>(what: string, body: Record<string, unknown>): Promise<T> {
    return this.worker.post<T>(`/api/jobs/${this.job.job_id}/${what}`, { lease_token: this.lease_token, ...body });
  }
}

export function createJob(ticket_id: string, more: Record<string, unknown> = {}): Promise<Claimed> {
  return api<Claimed>("POST", "/api/jobs", {
    ticket_id,
    title: "Do the work",
    initial_prompt: "Please do what the ticket asks for.",
    stages: ["in_progress", "review"],
    queue: true,
    ...more,
  });
}
