/** The client: a method for each usual request. */

import { type ClientOptions, settingsOf } from "./api.js";
import type { Tokens } from "./credential.js";
import { RefusedError, UnusableAnswerError } from "./errors.js";
import { Planning } from "./planning.js";
import { type CallOptions, send } from "./send.js";
import type { Filters, Schemas } from "./types.js";
import { type Cursor, Watch, type WatchOptions } from "./watch.js";
import type { JobHandler } from "./worker/context.js";
import { Worker, type WorkOptions, type WorkSummary } from "./worker.js";

/** The items of a list, read page by page. */
export type Items<T> = AsyncGenerator<T, void, undefined>;

/**
 * A client of one server with one credential.
 *
 * Requests are repeated with backoff when the server is unavailable, limits the rate, or its response is lost. Every write
 * carries an `Idempotency-Key`, so it happens once. `error.outcome` says whether a failed request was carried out.
 *
 * @example
 * ```ts
 * import { Client } from "callboard";
 *
 * const client = new Client("http://127.0.0.1:8080", { key: "cb_…" });
 * const workflow = await client.findWorkflow("Bicycle shop");
 * const ticket = await client.createTicket({
 *   workflow_id: workflow.id,
 *   title: "Login fails",
 *   description: "The form answers 500.",
 * });
 * console.log(ticket.key);
 * ```
 */
export class Client extends Planning {
  /**
   * Creates a client of the server at `url`, e.g. `http://127.0.0.1:8080`, or `location.origin` on a page of the server.
   *
   * @throws {CallboardError} The address or a setting cannot be used.
   */
  constructor(url: string, options: ClientOptions = {}) {
    super(settingsOf(url, options));
  }

  /**
   * Creates a client that is signed in with an e-mail address and a password. Programs use keys.
   *
   * @throws {RefusedError} 401: the address or the password is wrong.
   */
  static async signIn(
    url: string,
    email: string,
    password: string,
    options: Omit<ClientOptions, "key" | "tokens"> & Pick<CallOptions, "signal"> = {},
  ): Promise<Client> {
    const { signal, ...settings } = options;
    const anonymous = new Client(url, { ...settings, store: undefined });
    const { access, refresh } = await anonymous.request("post", "/api/auth/login", {
      body: { email, password },
      signal,
    });
    const tokens: Tokens = { access, refresh };
    await settings.store?.save(tokens);
    return new Client(url, { ...settings, tokens });
  }

  /** The same client acting for an agent (`X-Agent-ID`). Needs a key with the scope `act_for`, or an administrator. */
  actingFor(agent: string): Client {
    const copy: Client = Object.create(Client.prototype);
    const headers = { ...this.settings.headers, "x-agent-id": agent };
    return Object.assign(copy, { settings: { ...this.settings, headers } });
  }

  /** Ends the session of a sign-in; its tokens are no longer valid. */
  async signOut(options?: CallOptions): Promise<void> {
    const { refresh } = (await this.tokens()) ?? {};
    await this.request("post", "/api/auth/logout", { body: { refresh }, ...options });
  }

  /** The caller, and the scopes of its key. */
  me(options?: CallOptions): Promise<Schemas["Me"]> {
    return this.request("get", "/api/auth/me", { ...options });
  }

  // Workflows

  /** Iterates over the workflows of the caller, by name. */
  workflows(query: Filters<"/api/workflows"> = {}, options?: CallOptions): Items<Schemas["Workflow"]> {
    return this.list("/api/workflows", "workflows", { query, ...options });
  }

  /** One workflow with its board, by its id. */
  getWorkflow(id: string, options?: CallOptions): Promise<Schemas["Workflow"]> {
    return this.request("get", "/api/workflows/{id}", { path: { id }, ...options });
  }

  /**
   * Finds a workflow by its id or name.
   *
   * @throws {RefusedError} 404: none of the caller's workflows has this id or name.
   */
  async findWorkflow(name: string, options?: CallOptions): Promise<Schemas["Workflow"]> {
    try {
      return await this.getWorkflow(name, options);
    } catch (error) {
      if (!(error instanceof RefusedError && [404, 422].includes(error.status))) throw error;
      for await (const workflow of this.workflows({}, options)) if (workflow.name === name) return workflow;
      throw error;
    }
  }

  /** Creates a workflow, e.g. `{ name: "Bicycle shop", template: "sdlc" }`. */
  createWorkflow(input: Schemas["CreateWorkflow"], options?: CallOptions): Promise<Schemas["Workflow"]> {
    return this.request("post", "/api/workflows", { body: input, ...options });
  }

  /**
   * The board as the dashboard draws it: every card of columns that are not done, and the last 200 of each done column.
   */
  async board(workflow: string, options?: CallOptions): Promise<Record<string, unknown>> {
    const path = { workflow_id: workflow };
    return (await this.request("get", "/api/board/{workflow_id}", { path, ...options })) as Record<string, unknown>;
  }

  // Tickets

  /** Iterates over the tickets of a workflow, e.g. `{ workflow_id, status: "todo,in_progress", tag: ["red"] }`. */
  tickets(query: Filters<"/api/tickets"> & { workflow_id: string }, options?: CallOptions): Items<Schemas["Card"]> {
    return this.list("/api/tickets", "tickets", { query: { limit: 200, ...query }, ...options });
  }

  /**
   * A ticket with its newest comments, commits and changes, by its id, or by its key (`TKT-1`) in a workflow.
   *
   * @throws {RefusedError} 404: it does not exist, or the caller is not a member of its workflow.
   */
  getTicket(
    ticket: string,
    { workflow, ...options }: { workflow?: string } & CallOptions = {},
  ): Promise<Schemas["TicketDetail"]> {
    const query = workflow === undefined ? {} : { workflow_id: workflow };
    return this.request("get", "/api/tickets/{id}", { path: { id: ticket }, query, ...options });
  }

  /**
   * Creates a ticket. The answer holds its `ticket_id` and `key`, and `similar_tickets`.
   *
   * @throws {RefusedError} 422: a field breaks a rule; `errors` names it.
   */
  createTicket(input: Schemas["CreateTicket"], options?: CallOptions): Promise<Schemas["Created"]> {
    return this.request("post", "/api/tickets/create", { body: input, ...options });
  }

  /**
   * Changes fields of a ticket: `{ ticket_id, updates: { priority: "high" } }`. With `version`, it is refused if the ticket
   * has changed since.
   *
   * @throws {RefusedError} 409: the version is stale.
   */
  updateTicket(input: Schemas["UpdateTicket"], options?: CallOptions): Promise<Schemas["Updated"]> {
    return this.request("post", "/api/tickets/update", { body: input, ...options });
  }

  /**
   * Moves a ticket to another column: `{ ticket_id, new_status: "in_progress" }`. A blocked ticket does not move, which is no
   * error: the answer has `blocked: true` and `blocking_ticket_ids`.
   *
   * @throws {RefusedError} 409: a rule of the board forbids the move; `code` names it.
   */
  moveTicket(input: Schemas["ChangeStatus"], options?: CallOptions): Promise<Schemas["StatusChanged"]> {
    return this.request("post", "/api/tickets/change-status", { body: input, ...options });
  }

  /** Comments on a ticket: `{ ticket_id, comment_text: "Go ahead, see #TKT-1." }`. */
  comment(input: Schemas["AddComment"], options?: CallOptions): Promise<Schemas["Commented"]> {
    return this.request("post", "/api/tickets/comment", { body: input, ...options });
  }

  /** Resolves a ticket and releases those that it blocked: `{ ticket_id, resolution_comment }` (10 characters or more). */
  resolveTicket(input: Schemas["ResolveTicket"], options?: CallOptions): Promise<Schemas["Resolved"]> {
    return this.request("post", "/api/tickets/resolve", { body: input, ...options });
  }

  /** Claims the next ready ticket of a workflow. `ticket` and `ticket_id` of the answer are null if none is ready. */
  claimTicket(input: Schemas["Claim"], options?: CallOptions): Promise<Schemas["Claimed"]> {
    return this.request("post", "/api/tickets/claim", { body: input, ...options });
  }

  /** Searches the tickets of a workflow by keyword and meaning: `{ workflow_id, query: "login timeout", limit: 10 }`. */
  search(input: Schemas["SearchTickets"], options?: CallOptions): Promise<Schemas["SearchAnswer"]> {
    return this.request("post", "/api/tickets/search", { body: input, ...options });
  }

  /** Sets the tickets that block a ticket: `{ ticket_id, blocked_by_ticket_ids: ["TKT-1"] }`. */
  setBlockers(input: Schemas["SetBlockers"], options?: CallOptions): Promise<Schemas["BlockersSet"]> {
    return this.request("post", "/api/tickets/set-blockers", { body: input, ...options });
  }

  /** Links a commit to a ticket: `{ ticket_id, commit_sha, commit_message }`. */
  linkCommit(input: Schemas["LinkCommit"], options?: CallOptions): Promise<Schemas["CommitLinked"]> {
    return this.request("post", "/api/tickets/link-commit", { body: input, ...options });
  }

  // Jobs

  /** Creates a job: `{ workflow_id, title, initial_prompt, queue: true }`, or with `ticket_id` one for a ticket. */
  createJob(input: Schemas["CreateJob"], options?: CallOptions): Promise<Schemas["Job"]> {
    return this.request("post", "/api/jobs", { body: input, ...options });
  }

  /** One job. */
  getJob(id: string, options?: CallOptions): Promise<Schemas["Job"]> {
    return this.request("get", "/api/jobs/{id}", { path: { id }, ...options });
  }

  /** Iterates over jobs, newest first. */
  jobs(query: Filters<"/api/jobs"> = {}, options?: CallOptions): Items<Schemas["Job"]> {
    return this.list("/api/jobs", "jobs", { query, ...options });
  }

  /** Acts on a job. A running one that is cancelled ends when its worker has stopped. */
  actOnJob(
    id: string,
    action: "continue" | "pause" | "resume" | "retry" | "cancel",
    options?: CallOptions,
  ): Promise<Schemas["Job"]> {
    return this.request("post", `/api/jobs/{id}/${action}`, { path: { id }, ...options });
  }

  /** A page of a job's transcript: at most `limit` messages after (or `before`) the one with a number, of a `kind`. */
  jobMessages(
    id: string,
    query: Omit<Filters<"/api/job-messages">, "job_id"> = {},
    options?: CallOptions,
  ): Promise<Schemas["Messages"]> {
    return this.request("get", "/api/job-messages", { query: { ...query, job_id: id }, ...options });
  }

  // Usage

  /**
   * Reports what a model used for a job: `{ model, input_tokens, output_tokens, cost: "0.0125", currency: "USD" }`. Leave out
   * what is not known. With the `lease_token` of a claim, the report belongs to that attempt, also after its lease was lost. A
   * repeated `report_id` is counted once.
   *
   * @throws {RefusedError} 422: a value is not valid; 409: the `report_id` was used for other numbers.
   */
  reportUsage(job: string, input: Schemas["ReportUsage"], options?: CallOptions): Promise<Schemas["UsageReported"]> {
    const body = { source: "sdk" as const, ...input };
    return this.request("post", "/api/jobs/{id}/usage", { path: { id: job }, body, ...options });
  }

  /** Reports what a model used for a ticket without a job. */
  reportTicketUsage(
    ticket: string,
    input: Schemas["ReportUsage"],
    options?: CallOptions,
  ): Promise<Schemas["UsageReported"]> {
    const body = { source: "sdk" as const, ...input };
    return this.request("post", "/api/tickets/{id}/usage", { path: { id: ticket }, body, ...options });
  }

  /** What a job used, by attempt and model. An attempt without a report has `usage.reported` false. */
  jobUsage(id: string, options?: CallOptions): Promise<Schemas["JobUsage"]> {
    return this.request("get", "/api/jobs/{id}/usage", { path: { id }, ...options });
  }

  /** What was used for a ticket, by job and model. */
  ticketUsage(id: string, options?: CallOptions): Promise<Schemas["TicketUsage"]> {
    return this.request("get", "/api/tickets/{id}/usage", { path: { id }, ...options });
  }

  /** Usage in a range of days, e.g. `{ workflow_id, group_by: "agent", first_day: "2026-01-01" }`. */
  usage(query: Filters<"/api/usage"> = {}, options?: CallOptions): Promise<Schemas["UsageSummary"]> {
    return this.request("get", "/api/usage", { query, ...options });
  }

  // Questions to people

  /**
   * Asks people: `{ ticket_id, question: "When shall it go out?", options: ["tonight", "tomorrow"] }`. The decision comes
   * later: read it with `getApproval`.
   */
  askPeople(input: Schemas["RequestApproval"], options?: CallOptions): Promise<Schemas["Approval"]> {
    return this.request("post", "/api/approvals", { body: input, ...options });
  }

  /** A question and its decision. With `wait` (0 to 30 seconds), the answer waits for the decision. */
  getApproval(id: string, { wait, ...options }: { wait?: number } & CallOptions = {}): Promise<Schemas["Approval"]> {
    return this.request("get", "/api/approvals/{id}", { path: { id }, query: { wait }, ...options });
  }

  /** Iterates over questions, newest first, e.g. `{ workflow_id, status: "pending" }`. */
  approvals(query: Filters<"/api/approvals"> = {}, options?: CallOptions): Items<Schemas["Approval"]> {
    return this.list("/api/approvals", "approvals", { query, ...options });
  }

  /**
   * Decides a question: `"approve"`, `"reject"`, or `"answer"` with `{ answer }`. Needs a person other than the one who asked,
   * or a key with the scope `approve`.
   *
   * @throws {RefusedError} 409: it was decided otherwise; `detail` says by whom.
   */
  decideApproval(
    id: string,
    decision: "approve" | "reject" | "answer",
    input: Schemas["Decide"] = {},
    options?: CallOptions,
  ): Promise<Schemas["Approval"]> {
    const arguments_ = { path: { id }, body: input, ...options };
    if (decision === "approve") return this.request("post", "/api/approvals/{id}/approve", arguments_);
    if (decision === "reject") return this.request("post", "/api/approvals/{id}/reject", arguments_);
    return this.request("post", "/api/approvals/{id}/answer", arguments_);
  }

  /** Withdraws a question that was not decided. */
  withdrawApproval(id: string, input: Schemas["Withdraw"] = {}, options?: CallOptions): Promise<Schemas["Approval"]> {
    return this.request("post", "/api/approvals/{id}/withdraw", { path: { id }, body: input, ...options });
  }

  // Events

  /** The cursor at the end of a workflow's stream: `watch` from it yields what happens afterwards. */
  async endOfStream(workflow: string, options?: CallOptions): Promise<Cursor> {
    const path = `/api/workflows/${encodeURIComponent(workflow)}/events?since=0&limit=1`;
    let end: Record<string, unknown>;
    try {
      const request = { ...options, method: "GET", path };
      end = (await send<Record<string, unknown> | null>(this.settings, request)) ?? {};
    } catch (error) {
      // If the first events were pruned, the problem has the end of the stream.
      if (!(error instanceof RefusedError && error.code === "resync")) throw error;
      end = error.problem.extra;
    }
    const { epoch, last_seq: seq } = end;
    if (typeof epoch === "string" && typeof seq === "number") return { epoch, seq };
    throw new UnusableAnswerError("the end of the stream has no epoch or number");
  }

  /**
   * Watches a room: `workflow:<id>`, `ticket:<id>`, `job:<id>` or `search:<id>`. Without `since` it starts with a snapshot of
   * the room. It resumes after lost connections and restarts of the server, without a gap and without a repeated event; where
   * it cannot (the database was restored, the events were pruned), it yields `resync` with a new snapshot.
   *
   * Updates wait in a bounded buffer until they are taken. Leaving the loop closes the connection.
   *
   * @throws {RefusedError} What no retry can fix: the room does not exist or is not the caller's (404, 403), or the credential
   * is no longer valid (401).
   *
   * @example
   * ```ts
   * for await (const update of client.watch(`workflow:${workflow.id}`, { since })) {
   *   if (update.kind === "event") console.log(update.event.seq, update.event.type);
   * }
   * ```
   */
  watch(room: string, options: WatchOptions = {}): Watch {
    return new Watch(this, room, options);
  }

  // Workers

  /**
   * Works: claims jobs and calls `handler` for each, at most `concurrency` at once. Heartbeats keep the lease of a job while its
   * handler runs. What the handler returns is the job's result; an error that it throws fails the attempt.
   *
   * Runs until `signal` is aborted (or until no job is ready, with `mode: "drain"`): then it claims nothing more, gives running
   * handlers `graceSeconds` to finish, and releases the other jobs.
   *
   * @throws {RefusedError} The key may not claim jobs, or the workflow does not exist.
   *
   * @example
   * ```ts
   * const stop = new AbortController();
   * process.once("SIGTERM", () => stop.abort());
   * await client.work({ workflow: "Toy", types: ["greet"], signal: stop.signal }, async (job, context) => {
   *   await context.progress(50, "Thinking of words");
   *   return { text: `hello, ${job.title}` };
   * });
   * ```
   */
  work(options: WorkOptions, handler: JobHandler): Promise<WorkSummary> {
    return new Worker(this, options, handler).run();
  }
}
