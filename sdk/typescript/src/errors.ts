/** Errors of the client. */

/**
 * Whether a failed request was carried out.
 *
 * - `done`: it was; only its answer is missing or cannot be read.
 * - `not_done`: nothing was changed. Only then may it be repeated as a new request.
 * - `unknown`: the answer was lost. Repeat it with the same idempotency key, or look first.
 */
export type Outcome = "done" | "not_done" | "unknown";

/** A field of a refused request, and the rule that it broke. */
export interface FieldError {
  /** The field, as the request names it, e.g. `title`. */
  field: string;
  /** The rule, e.g. `must have 3 to 500 characters`. */
  rule: string;
}

/** What the server says about a request that it refused: its problem document (RFC 9457). */
export interface Problem {
  /** The HTTP status. */
  status: number;
  /** A stable code for programs, e.g. `not_found` or `blocked`; empty if the answer did not come from Callboard. */
  code: string;
  /** A sentence for a person. */
  detail: string;
  /** The fields that were refused. */
  errors: FieldError[];
  /** The other members of the document, e.g. `blocking_ticket_ids`. */
  extra: Record<string, unknown>;
}

/** The base of all errors of the client. Thrown as such for settings that cannot be used. */
export class CallboardError extends Error {
  override name = "CallboardError";
  /** Whether the request was carried out. */
  readonly outcome: Outcome;
  /** Whether the same request may soon succeed. */
  readonly temporary: boolean;

  constructor(message: string, outcome: Outcome = "not_done", options: ErrorOptions & { temporary?: boolean } = {}) {
    super(message, options);
    this.outcome = outcome;
    this.temporary = options.temporary ?? false;
  }
}

/** The server refused the request. The message is the problem's `detail`. */
export class RefusedError extends CallboardError {
  override name = "RefusedError";
  /** The server's problem document. */
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail, outcomeOf(problem), { temporary: problem.status === 429 || problem.status >= 500 });
    this.problem = problem;
  }

  /** The HTTP status. */
  get status(): number {
    return this.problem.status;
  }

  /** The stable code, e.g. `blocked`. */
  get code(): string {
    return this.problem.code;
  }

  /** A sentence for a person. */
  get detail(): string {
    return this.problem.detail;
  }

  /** The fields that were refused. */
  get errors(): FieldError[] {
    return this.problem.errors;
  }
}

/** The server cannot be reached, or its response did not arrive. */
export class UnreachableError extends CallboardError {
  override name = "UnreachableError";
  /** The server's address. */
  readonly url: string;

  constructor(url: string, why: string, outcome: Outcome, options: ErrorOptions = {}) {
    const message =
      outcome === "not_done"
        ? `The server at ${url} cannot be reached: ${why}.`
        : `The response of the server at ${url} was lost: ${why}. The request may have been carried out; look before ` +
          "you repeat it.";
    super(message, outcome, { ...options, temporary: true });
    this.url = url;
  }
}

/** The request succeeded, but its response is not one of a Callboard server. */
export class UnusableAnswerError extends CallboardError {
  override name = "UnusableAnswerError";

  constructor(why: string, options: ErrorOptions = {}) {
    super(`The server's response cannot be parsed: ${why}.`, "done", options);
  }
}

/** The caller's `AbortSignal` ended the request or the watch; `cause` is the signal's reason. Its `name` is `AbortError`. */
export class AbortedError extends CallboardError {
  override name = "AbortError";

  constructor(outcome: Outcome, reason: unknown) {
    const unknown = outcome === "unknown" ? " It may have been carried out." : "";
    super(`The request was aborted.${unknown}`, outcome, { cause: reason });
  }
}

/** Statuses from 500 on are certain only if Callboard itself refused the request with 503. */
function outcomeOf({ status, code }: Problem): Outcome {
  if (status === 503 && code !== "" && code !== "outcome_unknown") return "not_done";
  return status >= 500 ? "unknown" : "not_done";
}

/** Reads a problem document. A body that is none, such as the page of a proxy, leaves the status. */
export function problemFrom(status: number, body: string): Problem {
  let members: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) members = { ...parsed };
  } catch {
    // Not JSON: the status is all that is known.
  }
  const { code, detail, errors, type: _type, title: _title, status: _status, ...extra } = members;
  return {
    status,
    code: typeof code === "string" ? code : "",
    detail: typeof detail === "string" && detail !== "" ? detail : `The server responded with ${status}.`,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    extra,
  };
}

function isFieldError(entry: unknown): entry is FieldError {
  const { field, rule } = (entry ?? {}) as Partial<Record<keyof FieldError, unknown>>;
  return typeof field === "string" && typeof rule === "string";
}
