import { describe, expect, it } from "vitest";
import { type Part, rangeOf, STEP, withLines } from "./expand";
import { type ApiFile, type DiffFile, toFiles } from "./files";
import type { DiffLine } from "./parse";
import { toRows } from "./rows";

const CONTEXT = 3;

/** A source of the same numbers in each run (a linear congruential generator, Numerical Recipes). */
function random(start: number) {
  let state = start;
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A changed file: all its lines as a diff with endless context would have them, and the diff with three lines. */
function changedFile(next: (below: number) => number) {
  const whole: DiffLine[] = [];
  let before = 1;
  let after = 1;
  const add = (kind: DiffLine["kind"]) =>
    whole.push({
      kind,
      before: kind === "added" ? null : before++,
      after: kind === "removed" ? null : after++,
      text: `line ${whole.length}`,
    });
  for (let change = next(4) + 1; change > 0; change--) {
    for (let same = next(3) === 0 ? next(5) : next(70); same > 0; same--) add("same");
    for (let removed = next(4); removed > 0; removed--) add("removed");
    for (let added = next(4); added > 0; added--) add("added");
  }
  for (let same = next(50); same > 0; same--) add("same");
  const near = whole.map((_, i) =>
    whole.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ kind }) => kind !== "same"),
  );
  let diff = "diff --git a/x b/x\n";
  for (let i = 0; i < whole.length; ) {
    if (!near[i]) {
      i++;
      continue;
    }
    const end = near.indexOf(false, i) < 0 ? whole.length : near.indexOf(false, i);
    const lines = whole.slice(i, end);
    const olds = lines.filter(({ kind }) => kind !== "added");
    const news = lines.filter(({ kind }) => kind !== "removed");
    const numberOf = (shown: DiffLine[], side: "before" | "after") =>
      shown[0]?.[side] ?? whole.slice(0, i).filter((line) => line[side] !== null).length;
    diff += `@@ -${numberOf(olds, "before")},${olds.length} +${numberOf(news, "after")},${news.length} @@\n`;
    for (const { kind, text } of lines) diff += `${kind === "same" ? " " : kind === "added" ? "+" : "-"}${text}\n`;
    i = end;
  }
  const texts = whole.flatMap(({ kind, text }) => (kind === "removed" ? [] : [text]));
  const [file] = toFiles([apiFile(diff)]);
  return { whole, texts, file: file as DiffFile };
}

const apiFile = (diff: string, more: Partial<ApiFile> = {}): ApiFile => ({
  path: "x",
  old_path: null,
  status: "modified",
  insertions: 0,
  deletions: 0,
  diff,
  binary: false,
  truncated: false,
  language: "text",
  ...more,
});

/** What the server and a reader do: one step in a gap. */
function take(file: DiffFile, gap: number, part: Part, texts: readonly string[]): DiffFile {
  const { first, last } = rangeOf(file, gap, part);
  return withLines(file, gap, first, texts.slice(first - 1, last), texts.length);
}

describe("withLines", () => {
  it("shows the whole file in the end, whatever is asked for first", () => {
    const parts: Part[] = ["top", "bottom", "all"];
    for (let start = 1; start <= 300; start++) {
      const next = random(start);
      const { whole, texts, file: sent } = changedFile(next);
      if (sent.hunks.length === 0) continue;
      let file = sent;
      for (let steps = 0; ; steps++) {
        const gaps = toRows([file], "unified", new Set(), false).rows.filter(({ kind }) => kind === "gap");
        if (gaps.length === 0) break;
        expect(steps, `start ${start}`).toBeLessThan(60);
        const row = gaps[next(gaps.length)];
        if (row?.kind !== "gap") continue;
        const part = row.gap === 0 ? "bottom" : row.skipped === null ? "top" : (parts[next(3)] as Part);
        file = take(file, row.gap, part, texts);
      }
      expect(
        file.hunks.flatMap(({ lines }) => lines),
        `start ${start}`,
      ).toEqual(whole);
    }
  });

  const lines = Array.from({ length: 100 }, (_, i) => `line ${i + 1}`);
  const [begin] = toFiles([
    apiFile(
      "@@ -50,7 +50,8 @@ fn main\n line 50\n line 51\n line 52\n-old\n+line 53\n+line 54\n line 55\n line 56\n line 57\n",
    ),
  ]);
  const file = begin as DiffFile;

  it("leaves the lines that are shown as they are, and joins hunks that meet", () => {
    const above = take(file, 0, "bottom", lines);
    expect(above.hunks[0]?.skipped).toBe(49 - STEP);
    expect(above.hunks[0]?.lines[0]).toEqual({ kind: "same", before: 30, after: 30, text: "line 30" });
    expect(above.hunks[0]?.lines.slice(STEP)).toEqual(file.hunks[0]?.lines);
    expect(above.hunks[0]?.lines[STEP]).toBe(file.hunks[0]?.lines[0]);
    const below = take(file, 1, "all", lines);
    expect(below.hunks[0]?.lines.at(-1)).toEqual({ kind: "same", before: 76, after: 77, text: "line 77" });
    expect(below.skippedBelow).toBe(23);
    expect(take(below, 1, "all", lines).skippedBelow).toBe(0);
  });

  it("knows where a file ends", () => {
    const end = (diff: string, more: Partial<ApiFile> = {}) => toFiles([apiFile(diff, more)])[0]?.skippedBelow;
    expect(end("@@ -1,4 +1,5 @@\n+new\n a\n b\n c\n d\n")).toBeNull();
    expect(end("@@ -1,2 +1,3 @@\n+new\n a\n b\n")).toBe(0);
    expect(end("@@ -1,3 +1,4 @@\n+new\n a\n b\n c\n\\ No newline at end of file\n")).toBe(0);
    expect(end("@@ -0,0 +1,4 @@\n+new\n+a\n+b\n+c\n", { status: "added" })).toBe(0);
    expect(end("@@ -1,4 +1,5 @@\n+new\n a\n b\n c\n d\n", { truncated: true })).toBe(0);
    // Exactly three lines are left: the server says so with no more lines.
    const [exact] = toFiles([apiFile("@@ -1,3 +1,4 @@\n+line 1\n line 2\n line 3\n line 4\n")]);
    expect(take(exact as DiffFile, 1, "top", lines.slice(0, 4)).skippedBelow).toBe(0);
  });
});
