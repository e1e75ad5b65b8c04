import { createLowlight } from "lowlight";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { findFiles } from "./file-tree";
import { Highlighter, textsOf } from "./highlight/highlighter";
import { languages } from "./highlight/languages";
import { TOKEN_CLASSES, tokensOf, toLineTokens } from "./highlight/tokens";
import type { HighlightAnswer, HighlightRequest } from "./highlight/worker";
import { type DiffFile, toFiles } from "./model/files";
import { toRows } from "./model/rows";
import { readViewed, writeViewed } from "./stored";
import { keyOfEvent } from "./use-diff-keys";

const files = (...all: [path: string, diff: string][]): DiffFile[] =>
  toFiles(
    all.map(([path, diff]) => ({
      path,
      diff,
      status: "modified",
      insertions: 1,
      deletions: 1,
      binary: false,
      truncated: false,
      language: "typescript",
    })),
  );
const lowlight = createLowlight(languages);

/** A worker that highlights on request. */
class FakeWorker extends EventTarget {
  requests: HighlightRequest[] = [];
  terminate = vi.fn();
  postMessage(request: HighlightRequest) {
    this.requests.push(request);
  }
  answer() {
    const { id, language, texts } = this.requests.at(-1) as HighlightRequest;
    const data: HighlightAnswer = { id, texts: texts.map((text) => toLineTokens(lowlight.highlight(language, text))) };
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

describe("highlighting", () => {
  it("finds the tokens of lines, also of texts over several lines", () => {
    const lines = toLineTokens(lowlight.highlight("typescript", "const a = `x\ny`;\n// end"));
    const tokens = (line: number) =>
      Array.from({ length: tokensOf(lines, line).length / 3 }, (_, i) => {
        const [from, to, token] = tokensOf(lines, line).subarray(3 * i, 3 * i + 3);
        return [from, to, TOKEN_CLASSES[token ?? 0]];
      });
    expect(tokens(0)).toEqual([
      [0, 5, "keyword"],
      [10, 12, "string"],
    ]);
    expect(tokens(1)).toEqual([[0, 2, "string"]]);
    expect(tokens(2)).toEqual([[0, 6, "comment"]]);
  });

  it("gives old and new lines the tokens of their own text", () => {
    const worker = new FakeWorker();
    const done = vi.fn();
    const all = files(["a.ts", "@@ -1,2 +1,2 @@\n same();\n-const a = 1;\n+/* b */ b();\n"]);
    const highlighter = new Highlighter(done, () => worker as unknown as Worker);
    highlighter.want(all);
    expect(done).not.toHaveBeenCalled();
    worker.answer();
    expect(done).toHaveBeenCalledWith(all[0]);
    const classes = toRows(all, "unified", new Set(), false).rows.flatMap((row) => {
      if (row.kind !== "line") return [];
      const found = highlighter.tokens(row.cell.line);
      return [[...(found ?? [])].filter((_, i) => i % 3 === 2).map((token) => TOKEN_CLASSES[token])];
    });
    expect(classes[1]).toContain("keyword");
    expect(classes[2]?.[0]).toBe("comment");
  });

  it("goes on with another worker after one failed, and gives up after some", () => {
    const workers: FakeWorker[] = [];
    const done = vi.fn();
    const all = files(["a", "@@ -1 +1 @@\n-a\n+b\n"], ["b", "@@ -1 +1 @@\n-a\n+b\n"]);
    const highlighter = new Highlighter(done, () => {
      workers.push(new FakeWorker());
      return workers.at(-1) as unknown as Worker;
    });
    highlighter.want(all);
    workers[0]?.dispatchEvent(new Event("error", { cancelable: true }));
    expect(workers[0]?.terminate).toHaveBeenCalled();
    workers[1]?.answer();
    expect(done.mock.calls).toEqual([[all[1]]]);
    const none = new Highlighter(done, () => {
      throw new Error("no workers here");
    });
    expect(() => none.want(all)).not.toThrow();
  });

  it("leaves minified and binary files alone", () => {
    const [file] = files(["a", `@@ -1 +1 @@\n-a\n+${"b".repeat(5_000)}\n`]);
    expect(textsOf(file as DiffFile)).toBeNull();
    expect(textsOf({ ...(file as DiffFile), hunks: [] })).toBeNull();
  });
});

describe("viewed marks", () => {
  beforeEach(() => localStorage.clear());

  it("are kept for each commit, and the oldest commits are forgotten", () => {
    for (let i = 0; i < 60; i++) writeViewed(`sha${i}`, new Set([`file${i}`]));
    expect(readViewed("sha59")).toEqual(new Set(["file59"]));
    expect(readViewed("sha0")).toEqual(new Set());
    writeViewed("sha59", new Set());
    expect(readViewed("sha59")).toEqual(new Set());
    writeViewed("large", new Set(Array.from({ length: 3_000 }, (_, i) => `${"folder/".repeat(20)}${i}`)));
    expect((localStorage.getItem("callboard.diff.viewed") ?? "").length).toBeLessThan(200_001);
  });

  it("survive storage that holds something else", () => {
    localStorage.setItem("callboard.diff.viewed", '[["a",[1]],{"x":1},["b",["p"]]]');
    expect(readViewed("b")).toEqual(new Set(["p"]));
    expect(readViewed("a")).toEqual(new Set());
    localStorage.setItem("callboard.diff.viewed", "no JSON");
    expect(readViewed("b")).toEqual(new Set());
  });
});

it("files are found by words of their paths, those in the name first", () => {
  const all = files(["lib/auth/session.ts", ""], ["session/auth.ts", ""], ["readme.md", ""]);
  expect(findFiles(all, "session")?.map(({ path }) => path)).toEqual(["lib/auth/session.ts", "session/auth.ts"]);
  expect(findFiles(all, "TS auth")?.map(({ path }) => path)).toEqual(["session/auth.ts", "lib/auth/session.ts"]);
  expect(findFiles(all, " ")).toBeNull();
});

it("keys work on other layouts", () => {
  expect(keyOfEvent({ key: "о", code: "KeyJ" })).toBe("j");
  expect(keyOfEvent({ key: "J", code: "KeyJ" })).toBe("j");
  expect(keyOfEvent({ key: "Escape", code: "Escape" })).toBe("Escape");
});
