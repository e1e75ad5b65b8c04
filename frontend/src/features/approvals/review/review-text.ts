/** What a review says, as the one text that an agent reads. Pure. */
import type { Approval, Decision, DecisionInput } from "@/api/types";

export interface LineComment {
  sha: string;
  path: string;
  line: number;
  /** Removed lines have numbers of the old file. */
  side: "new" | "old";
  /** The line itself. */
  code: string;
  text: string;
}

export type LinePlace = Pick<LineComment, "sha" | "path" | "line" | "side">;

export const isSamePlace = (a: LinePlace, b: LinePlace): boolean =>
  a.sha === b.sha && a.path === b.path && a.line === b.line && a.side === b.side;

/** Limits of the API. */
const MAX_REASON = 20_000;
const MAX_COMMENT = 100_000;
const MAX_CODE = 200;

/** The comments on lines by commit, in the order of the files: `path:line`, the line, and what to say about it. */
export function formatLineComments(comments: readonly LineComment[]): string {
  const written = comments.filter(({ text }) => text.trim() !== "");
  const shas = [...new Set(written.map(({ sha }) => sha))];
  return shas
    .map((sha) => {
      const own = written
        .filter((comment) => comment.sha === sha)
        .sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
      return [`Comments on commit ${sha.slice(0, 10)}:`, ...own.map(formatLineComment)].join("\n\n");
    })
    .join("\n\n");
}

function formatLineComment({ path, line, side, code, text }: LineComment): string {
  const short = code.trim().length > MAX_CODE ? `${code.trim().slice(0, MAX_CODE)}…` : code.trim();
  // Inside a code span, so that nothing of it is read as Markdown.
  const fence = short.includes("`") ? "``" : "`";
  const pad = short.includes("`") ? " " : "";
  const quote = short === "" ? "" : `\n> ${fence}${pad}${short}${pad}${fence}`;
  return `\`${path}:${line}\`${side === "old" ? " (removed line)" : ""}${quote}\n\n${text.trim()}`;
}

const joined = (...parts: readonly string[]): string =>
  parts
    .map((part) => part.trim())
    .filter(Boolean)
    .join("\n\n");

interface Written {
  /** The answer, reason or comment. */
  text: string;
  comments: readonly LineComment[];
}

/** Whether there is a reason to send something back. */
export function hasReason({ text, comments }: Written): boolean {
  return joined(text, formatLineComments(comments)) !== "";
}

/** The decision as the API takes it. An option is an answer, and what was written beside it the reason. */
export function toInput(approval: Approval, decision: Decision, written: Written, option?: string): DecisionInput {
  const lines = formatLineComments(written.comments);
  const all = joined(written.text, lines);
  if (decision === "answer") {
    const reason = option === undefined ? lines : all;
    return { answer: option ?? written.text.trim(), ...(reason ? { reason } : {}) };
  }
  if (!all) return {};
  return decision === "approve" && approval.kind === "review" ? { comment: all } : { reason: all };
}

/** What the server would refuse. */
export function tooLong({ answer = "", reason = "", comment = "" }: DecisionInput): string | null {
  for (const [text, limit] of [
    [answer, MAX_REASON],
    [reason, MAX_REASON],
    [comment, MAX_COMMENT],
  ] as const) {
    const over = (text?.length ?? 0) - limit;
    if (over > 0) return `This is ${over.toLocaleString()} characters too long. Shorten it, or comment on the ticket.`;
  }
  return null;
}

/** The comments on lines that this tab has kept. */
export function readLineComments(stored: string): LineComment[] {
  try {
    const value: unknown = JSON.parse(stored || "[]");
    return Array.isArray(value) ? value.filter(isLineComment) : [];
  } catch {
    return [];
  }
}

function isLineComment(value: unknown): value is LineComment {
  const { sha, path, line, side, code, text } = (value ?? {}) as Partial<LineComment>;
  const texts = [sha, path, code, text].every((part) => typeof part === "string");
  return texts && typeof line === "number" && (side === "new" || side === "old");
}
