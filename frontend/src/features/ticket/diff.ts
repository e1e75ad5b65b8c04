/** Parses a unified diff into rows. Ignores lines it does not recognize. Pure. */

export interface DiffLine {
  kind: "added" | "removed" | "same" | "hunk";
  before: number | null;
  after: number | null;
  text: string;
}

export function parseDiff(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let inHunk = false;
  for (const line of diff.split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/.exec(line);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      inHunk = true;
      lines.push({ kind: "hunk", before: null, after: null, text: hunk[3] ?? "" });
    } else if (!inHunk) {
      // Skips the header; the file list shows names and modes.
    } else if (line.startsWith("+")) {
      lines.push({ kind: "added", before: null, after: after++, text: line.slice(1) });
    } else if (line.startsWith("-")) {
      lines.push({ kind: "removed", before: before++, after: null, text: line.slice(1) });
    } else if (line.startsWith(" ")) {
      lines.push({ kind: "same", before: before++, after: after++, text: line.slice(1) });
    }
  }
  return lines;
}
