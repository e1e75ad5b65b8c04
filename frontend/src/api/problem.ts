/** A failed request. The message comes from the server's problem document (RFC 9457), or else from the status. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly fields: ReadonlyArray<{ field: string; message: string }>;
  readonly body: Record<string, unknown>;

  constructor(status: number, message: string, body: Record<string, unknown> = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = typeof body.code === "string" ? body.code : null;
    this.body = body;
    this.fields = Array.isArray(body.errors) ? body.errors.flatMap(fieldError) : [];
  }

  /** Whether a retry may succeed: no response, a rate limit, or an error of the server. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whether the same request may soon succeed: the server or the database is away, or the response was lost. */
  get temporary(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }

  /** Whether the request may have been carried out. Only a 503 from Callboard itself is certain. */
  get outcomeUnknown(): boolean {
    if (this.status === 503) return this.code === null || this.code === "outcome_unknown";
    return this.status >= 500 || this.code === "response_lost";
  }
}

/** Whether something does not exist or is closed to this person; the server does not always say which. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 403);
}

function fieldError(entry: unknown): Array<{ field: string; message: string }> {
  if (typeof entry !== "object" || entry === null) return [];
  const { field, rule, detail, message } = entry as Record<string, unknown>;
  if (typeof field !== "string") return [];
  return [{ field, message: String(detail ?? message ?? rule ?? "is not valid") }];
}

/** What the server says about one field of a request that it refused. */
export function fieldMessage(error: unknown, field: string): string | undefined {
  return error instanceof Problem ? error.fields.find((entry) => entry.field === field)?.message : undefined;
}

/** The problem of a read without an answer. */
export function unreadable(): Problem {
  return new Problem(0, "Cannot reach the server. Check your connection.");
}

export function unreachable(): Problem {
  return new Problem(0, "Cannot reach the server. Check your connection; your change was not saved.");
}

/** The problem of a write whose response did not arrive. */
export function responseLost(): Problem {
  const message = "The connection was lost. Your change may have been saved: look before you repeat it.";
  return new Problem(0, message, { code: "response_lost" });
}

/** Reads a failed response. A body that is not JSON, such as a proxy's HTML error page, must not hide the status. */
export async function problemFrom(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null) {
      const members = body as Record<string, unknown>;
      const message = members.detail ?? members.title;
      return new Problem(
        response.status,
        typeof message === "string" ? message : defaultMessage(response.status),
        members,
      );
    }
  } catch {
    // Not JSON; the status is used instead.
  }
  return new Problem(response.status, defaultMessage(response.status));
}

function defaultMessage(status: number): string {
  if (status === 401) return "You are signed out. Sign in again.";
  if (status === 403) return "You are not allowed to do this.";
  if (status === 404) return "Not found, or you do not have access.";
  if (status === 429) return "Too many requests. Wait a moment and try again.";
  if (status >= 500) return "Server error. Try again in a moment.";
  return `The server refused the request (${status}).`;
}

/** The message to display for any thrown value. */
export function explain(error: unknown): string {
  if (error instanceof Problem) {
    const field = error.fields[0];
    return field && !error.message.includes(field.message)
      ? `${error.message} (${field.field}: ${field.message})`
      : error.message;
  }
  return error instanceof Error ? error.message : "Something went wrong.";
}
