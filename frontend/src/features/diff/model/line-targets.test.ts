import { describe, expect, it } from "vitest";
import { type ApiFile, toFiles } from "./files";
import { isLineRow, keyOfLine, stepLine, targetsOf } from "./line-targets";
import { toRows } from "./rows";

const file = {
  path: "src/session.py",
  status: "modified",
  insertions: 1,
  deletions: 1,
  binary: false,
  truncated: false,
  language: "python",
  diff: "@@ -10,3 +10,3 @@ class Session\n import time\n-timeout = 3600\n+timeout = 1800\n last = None\n",
} as ApiFile;

describe("lines of a diff", () => {
  const rowsIn = (mode: "unified" | "split") => toRows(toFiles([file]), mode, new Set(), false).rows;
  const namesIn = (mode: "unified" | "split") =>
    rowsIn(mode)
      .filter(isLineRow)
      .map((row) => targetsOf(row).map(({ side, line, text }) => `${side}:${line} ${text}`));

  it("are numbered as in the new file, removed ones as in the old", () => {
    expect(namesIn("unified")).toEqual([
      ["new:10 import time"],
      ["old:11 timeout = 3600"],
      ["new:11 timeout = 1800"],
      ["new:12 last = None"],
    ]);
  });

  it("are the new and the old one where they are side by side", () => {
    expect(namesIn("split")).toEqual([
      ["new:10 import time"],
      ["new:11 timeout = 1800", "old:11 timeout = 3600"],
      ["new:12 last = None"],
    ]);
  });

  it("have keys that tell the sides apart", () => {
    const keys = rowsIn("unified").filter(isLineRow).flatMap(targetsOf).map(keyOfLine);
    expect(new Set(keys).size).toBe(4);
  });

  it("are stepped through past headers and gaps, and no further than the ends", () => {
    const rows = rowsIn("unified");
    const first = stepLine(rows, -1, 1);
    expect(rows[first]).toMatchObject({ kind: "line", cell: { line: { text: "import time" } } });
    expect(stepLine(rows, first, -1)).toBe(-1);
    expect(stepLine(rows, rows.length - 1, 1)).toBe(-1);
  });
});
