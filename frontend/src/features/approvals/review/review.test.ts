import { describe, expect, it } from "vitest";
import type { Approval } from "@/api/types";
import { reviewOrder } from "./review-order";
import { formatLineComments, hasReason, type LineComment, readLineComments, toInput, tooLong } from "./review-text";
import { readTasks } from "./task-list";

const review = { kind: "review", options: [] as string[] } as Approval;
const question = { kind: "question", options: ["Red", "Blue"] } as Approval;
const comment = (more: Partial<LineComment> = {}): LineComment => ({
  sha: "8f2c1d7e5b8f2c1d7e5b",
  path: "src/session.py",
  line: 11,
  side: "new",
  code: "    timeout = 1800",
  text: "Why not from the settings?",
  ...more,
});

describe("comments on lines", () => {
  it("are one text with path and line, the line itself and the comment", () => {
    expect(formatLineComments([comment({ line: 20, text: "And here?" }), comment()])).toBe(
      [
        "Comments on commit 8f2c1d7e5b:",
        "`src/session.py:11`\n> `timeout = 1800`\n\nWhy not from the settings?",
        "`src/session.py:20`\n> `timeout = 1800`\n\nAnd here?",
      ].join("\n\n"),
    );
  });

  it("say which lines were removed, quote code with backticks, and leave out empty ones", () => {
    const text = formatLineComments([
      comment({ side: "old", code: "let a = `b`;" }),
      comment({ line: 12, code: " ", text: " " }),
    ]);
    expect(text).toContain("`src/session.py:11` (removed line)\n> `` let a = `b`; ``");
    expect(text).not.toContain(":12");
    expect(formatLineComments([comment({ text: "" })])).toBe("");
  });

  it("are grouped by commit", () => {
    const text = formatLineComments([comment(), comment({ sha: "0000000000ffff" })]);
    expect(text.match(/Comments on commit/g)).toHaveLength(2);
  });

  it("are read from storage, which may hold anything", () => {
    expect(readLineComments(JSON.stringify([comment(), { path: "x" }, null]))).toEqual([comment()]);
    expect([readLineComments(""), readLineComments("{"), readLineComments("{}")]).toEqual([[], [], []]);
  });
});

describe("decisions of a review", () => {
  it("carry everything that was written in the one field that reaches the agent", () => {
    const written = { text: " Not yet. ", comments: [comment()] };
    const all = `Not yet.\n\n${formatLineComments([comment()])}`;
    expect(toInput(review, "reject", written)).toEqual({ reason: all });
    expect(toInput(review, "approve", written)).toEqual({ comment: all });
    expect(toInput(question, "approve", written)).toEqual({ reason: all });
    expect(toInput(question, "answer", written, "Red")).toEqual({ answer: "Red", reason: all });
    expect(toInput(question, "answer", written)).toEqual({
      answer: "Not yet.",
      reason: formatLineComments([comment()]),
    });
    expect(toInput(review, "approve", { text: "", comments: [] })).toEqual({});
  });

  it("need a reason to send something back: a text or a comment on a line", () => {
    expect(hasReason({ text: "  ", comments: [] })).toBe(false);
    expect(hasReason({ text: "", comments: [comment({ text: " " })] })).toBe(false);
    expect(hasReason({ text: "", comments: [comment()] })).toBe(true);
  });

  it("are not longer than the server takes", () => {
    expect(tooLong({ reason: "x".repeat(20_000) })).toBeNull();
    expect(tooLong({ reason: "x".repeat(20_001) })).toMatch(/1 characters too long/);
    expect(tooLong({ comment: "x".repeat(20_001) })).toBeNull();
  });
});

describe("the order of reviews", () => {
  const at = (id: string, minute: number) => ({ id, created_at: `2026-03-01T00:0${minute}:00Z` }) as Approval;
  const [a, b, c] = [at("a", 1), at("b", 2), at("c", 3)];
  const NONE = new Set<string>();
  const names = ({ previous, next, place, total }: ReturnType<typeof reviewOrder>) => [
    previous?.id,
    next?.id,
    place,
    total,
  ];

  it("goes from the oldest to the newest, and round", () => {
    const waiting = [c, a, b];
    expect(names(reviewOrder(waiting, b, NONE))).toEqual(["a", "c", 2, 3]);
    expect(names(reviewOrder(waiting, c, NONE))).toEqual(["b", "a", 3, 3]);
    expect(names(reviewOrder(waiting, a, NONE))).toEqual(["c", "b", 1, 3]);
  });

  it("passes over those whose decision is held, and goes on from one that no longer waits", () => {
    expect(names(reviewOrder([a, b, c], a, new Set(["a", "b"])))).toEqual(["c", "c", 1, 2]);
    expect(names(reviewOrder([a, c], b, NONE))).toEqual(["a", "c", null, 2]);
  });

  it("ends where nothing else waits", () => {
    expect(names(reviewOrder([a], a, NONE))).toEqual([undefined, undefined, 1, 1]);
  });
});

describe("check boxes of a ticket", () => {
  it("are read from all kinds of lists, but not from code", () => {
    const text = "- [x] Done\n* [ ] Open\n  1. [X] Nested\n- [] no\n```\n- [ ] code\n```\n- [ ] Last `one`";
    expect(readTasks(text)).toEqual([
      { done: true, text: "Done" },
      { done: false, text: "Open" },
      { done: true, text: "Nested" },
      { done: false, text: "Last `one`" },
    ]);
    expect(readTasks("No list.")).toEqual([]);
  });
});
