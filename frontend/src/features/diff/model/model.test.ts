import { describe, expect, it } from "vitest";
import { type ApiFile, type CommitDiff, labelsOf, toFiles } from "./files";
import { parseDiff } from "./parse";
import { toPatch } from "./patch";
import { changeAt, keyOf, toRows } from "./rows";
import { toSegments } from "./segments";
import { toTree } from "./tree";
import { compareWords } from "./words";

const file = (path: string, diff: string, more: Partial<ApiFile> = {}): ApiFile => ({
  path,
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
const none = new Set<number>();

describe("parseDiff", () => {
  it("numbers both sides and drops lines that are not part of the file", () => {
    const { hunks } = parseDiff(
      "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@ fn main\n same\n-old\n+new\n+more\n\\ No newline at end of file\n",
    );
    expect(hunks).toEqual([
      {
        skipped: 2,
        before: 3,
        after: 3,
        heading: "fn main",
        lines: [
          { kind: "same", before: 3, after: 3, text: "same" },
          { kind: "removed", before: 4, after: null, text: "old" },
          { kind: "added", before: null, after: 4, text: "new" },
          { kind: "added", before: null, after: 5, text: "more", endsFile: true },
        ],
      },
    ]);
    expect(parseDiff("").hunks).toEqual([]);
  });

  it("reads content that looks like a header as content", () => {
    const { hunks } = parseDiff("@@ -1,3 +1,2 @@\n--- a comment of SQL\n-@@ -1 +1 @@\n+++ counter\n same\n");
    expect(hunks).toHaveLength(1);
    expect(hunks[0]?.lines.map(({ text }) => text)).toEqual([
      "-- a comment of SQL",
      "@@ -1 +1 @@",
      "++ counter",
      "same",
    ]);
  });

  it("counts the unchanged lines between hunks", () => {
    const { hunks } = parseDiff("@@ -1 +1 @@\n-a\n+b\n@@ -11 +11,2 @@\n same\n+c\n");
    expect(hunks.map(({ skipped }) => skipped)).toEqual([0, 9]);
    expect(parseDiff("@@ -1,2 +0,0 @@\n-a\n-b\n").hunks[0]?.skipped).toBe(0);
  });

  it("reads modes and similarity, and a file that became a link", () => {
    const { facts } = parseDiff("diff --git a/x b/x\nold mode 100644\nnew mode 100755\nsimilarity index 90%\n");
    expect(facts).toEqual({ oldMode: "100644", newMode: "100755", similarity: 90 });
    const link = parseDiff(
      "diff --git a/x b/x\ndeleted file mode 100644\n@@ -1 +0,0 @@\n-a\ndiff --git a/x b/x\nnew file mode 120000\n@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n",
    );
    expect(link.facts).toMatchObject({ oldMode: "100644", newMode: "120000" });
    expect(link.hunks.map(({ lines }) => lines[0]?.text)).toEqual(["a", "target"]);
  });

  it("points carriage returns out only where line ends differ", () => {
    const mixed = parseDiff("@@ -1,2 +1,2 @@\n-a\r\n+a\n same\r\n").hunks[0]?.lines;
    expect(mixed?.map(({ text, carriageReturn }) => [text, carriageReturn ?? false])).toEqual([
      ["a", true],
      ["a", false],
      ["same", true],
    ]);
    const dos = parseDiff("@@ -1 +1 @@\n-a\r\n+b\r\n").hunks[0]?.lines;
    expect(dos?.map(({ text, carriageReturn }) => [text, carriageReturn])).toEqual([
      ["a", undefined],
      ["b", undefined],
    ]);
  });
});

describe("toFiles", () => {
  it("follows the order of the tree and says what has no lines", () => {
    const files = toFiles([
      file("b.txt", "@@ -1 +1 @@\n-a\n+b\n", { truncated: true, insertions: 40, deletions: 2 }),
      file("a.bin", "", { binary: true }),
      file("src/new.ts", "similarity index 100%\n", { status: "renamed", old_path: "old.ts" }),
      file("run.sh", "old mode 100644\nnew mode 100755\n"),
      file("empty", "new file mode 100644\n", { status: "added" }),
    ]);
    expect(files.map(({ path, notes }) => [path, ...notes])).toEqual([
      ["src/new.ts", "Renamed without a change."],
      ["a.bin", "Binary file: there are no lines to show."],
      ["b.txt", "Too large to show in full: 40 changed lines more."],
      ["empty", "The file is empty."],
      ["run.sh", "Only the mode of the file changed."],
    ]);
    expect(files.map(labelsOf)).toEqual([["Renamed"], [], [], ["Added"], ["Mode 100644 → 100755"]]);
  });
});

describe("toRows", () => {
  const files = toFiles([
    file("a", "@@ -5,4 +5,5 @@ head\n same\n-one\n-two\n+uno\n+due\n+tre\n same\n"),
    file("b", "@@ -1 +1 @@\n-x\n+y\n"),
  ]);

  it("lists removed before added lines, or beside them", () => {
    const unified = toRows(files, "unified", none, true);
    expect(unified.rows.map(({ kind }) => kind).join(" ")).toBe(
      "message file gap line line line line line line line end file line line end",
    );
    expect(unified.headers).toEqual([1, 11]);
    expect(unified.changes).toEqual([4, 12]);
    expect(changeAt(unified, 4)).toEqual({ from: 4, to: 8 });
    const split = toRows(files, "split", none, false);
    const sides = split.rows.flatMap((row) =>
      row.kind === "pair" ? [[row.left?.line.text ?? null, row.right?.line.text ?? null]] : [],
    );
    expect(sides).toEqual([
      ["same", "same"],
      ["one", "uno"],
      ["two", "due"],
      [null, "tre"],
      ["same", "same"],
      ["x", "y"],
    ]);
    expect(split.changes).toHaveLength(2);
  });

  it("keeps the rows of a file when another one is folded away", () => {
    const all = toRows(files, "unified", none, false);
    const folded = toRows(files, "unified", new Set([0]), false);
    expect(folded.rows.map(({ kind }) => kind)).toEqual(["file", "end", "file", "line", "line", "end"]);
    expect(folded.rows.at(-2)).toBe(all.rows.at(-2));
    expect(new Set(all.rows.map(keyOf)).size).toBe(all.rows.length);
  });
});

describe("compareWords", () => {
  const marked = (text: string, ranges: readonly (readonly [number, number])[]) =>
    ranges.map(([from, to]) => text.slice(from, to));

  it("marks the words that differ", () => {
    const [before, after] = ["return total + tax;", "return subtotal + tax * rate;"];
    const changes = compareWords(before, after);
    expect(marked(before, changes.before)).toEqual(["total"]);
    expect(marked(after, changes.after)).toEqual(["subtotal", " * rate"]);
  });

  it("marks nothing in lines that have little in common, or are the same", () => {
    expect(compareWords("import a from b", "const list = new Map()")).toEqual({ before: [], after: [] });
    expect(compareWords("same", "same")).toEqual({ before: [], after: [] });
  });
});

describe("toSegments", () => {
  it("cuts at tokens and at changed words", () => {
    const parts = toSegments("let name = 1", [0, 3, 1, 11, 12, 3], [[4, 12]]);
    expect(parts.map(({ text, token, changed }) => [text, token, changed])).toEqual([
      ["let", 1, false],
      [" ", 0, false],
      ["name = ", 0, true],
      ["1", 3, true],
    ]);
    expect(toSegments("", null, [])).toEqual([]);
  });
});

describe("toTree", () => {
  it("puts folders first and joins those that hold only one folder", () => {
    const entries = toTree(["z.ts", "src/deep/er/a.ts", "src/b.ts", "docs/only/one.md"]);
    expect(
      entries.map(({ kind, name, depth }) => `${"  ".repeat(depth)}${name}${kind === "folder" ? "/" : ""}`),
    ).toEqual(["docs/only/", "  one.md", "src/", "  deep/er/", "    a.ts", "  b.ts", "z.ts"]);
  });
});

describe("toPatch", () => {
  it("holds the message and the diffs of files of text", () => {
    const { text, leftOut } = toPatch({
      commit_sha: "abc",
      author: "Reader",
      timestamp: "2026-11-30T12:00:00Z",
      message: "Fix it\n\ndiff --git is no diff here",
      files: [file("a", "diff --git a/a b/a\n"), file("b", "binary", { binary: true })],
    } as unknown as CommitDiff);
    expect(leftOut).toBe(1);
    expect(text).toContain("From: Reader\nDate: Mon, 30 Nov 2026 12:00:00 +0000\nSubject: [PATCH] Fix it\n");
    expect(text.match(/^diff --git/gm)).toHaveLength(1);
  });
});
