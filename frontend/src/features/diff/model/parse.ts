/** Parses the unified diff of one file into hunks of lines. Lines that it does not know are ignored. Pure. */

export interface DiffLine {
  kind: "added" | "removed" | "same";
  /** Line numbers in the old and the new file. */
  before: number | null;
  after: number | null;
  text: string;
  /** The file ends here without a line break. */
  endsFile?: true;
  /** The line ends with a carriage return, in a file with both kinds of line ends. */
  carriageReturn?: true;
}

export interface Hunk {
  /** Unchanged lines that are left out before it. */
  skipped: number;
  /** The numbers of its first line, or of where that would be, in the old and the new file. */
  before: number;
  after: number;
  /** What git found above it, such as the name of a function. */
  heading: string;
  lines: DiffLine[];
}

export interface FileFacts {
  oldMode: string | null;
  newMode: string | null;
  /** Of a rename or a copy, in percent. */
  similarity: number | null;
}

export interface ParsedFile {
  facts: FileFacts;
  hunks: Hunk[];
  /** A file that became a link, or the other way round, has two parts. */
  parts: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;
const MODE = /^(old|new|deleted file|new file) mode (\d{6})$/;
const SIMILARITY = /^(?:dis)?similarity index (\d+)%$/;

export function parseDiff(diff: string): ParsedFile {
  const facts: FileFacts = { oldMode: null, newMode: null, similarity: null };
  const hunks: Hunk[] = [];
  let hunk: Hunk | null = null;
  let before = 0;
  let after = 0;
  // What the hunk's header announces is read as content, whatever it looks like.
  let beforeLeft = 0;
  let afterLeft = 0;
  let shownUntil = 1;
  let mixedEnds = 0;
  let parts = 0;
  for (const line of diff.split("\n")) {
    const sign = line[0];
    if (hunk && (beforeLeft > 0 || afterLeft > 0)) {
      if (sign === "\\") {
        markEnd(hunk);
        continue;
      }
      // A line without a sign is an empty unchanged one, as some mail programs leave it, or the end of a truncated diff.
      const kind = sign === "+" ? "added" : sign === "-" ? "removed" : "same";
      if (kind === "same" && sign !== " ") continue;
      const text = line.slice(1);
      mixedEnds |= text.endsWith("\r") ? 1 : 2;
      const entry: DiffLine = { kind, before: null, after: null, text };
      if (kind !== "added") {
        entry.before = before++;
        beforeLeft--;
      }
      if (kind !== "removed") {
        entry.after = after++;
        afterLeft--;
      }
      hunk.lines.push(entry);
      shownUntil = after;
      continue;
    }
    const header = HUNK.exec(line);
    if (header) {
      before = Number(header[1]);
      after = Number(header[3]);
      beforeLeft = header[2] === undefined ? 1 : Number(header[2]);
      afterLeft = header[4] === undefined ? 1 : Number(header[4]);
      // The number of an empty side is that of the line before it.
      const first = after + (afterLeft === 0 ? 1 : 0);
      hunk = {
        skipped: Math.max(0, first - shownUntil),
        before: before + (beforeLeft === 0 ? 1 : 0),
        after: first,
        heading: header[5] ?? "",
        lines: [],
      };
      hunks.push(hunk);
    } else if (sign === "\\") {
      markEnd(hunk);
    } else if (line.startsWith("diff --git ")) {
      hunk = null;
      parts++;
      shownUntil = 1;
    } else {
      readFact(line, facts);
    }
  }
  settleLineEnds(hunks, mixedEnds === 3);
  return { facts, hunks, parts };
}

function markEnd(hunk: Hunk | null): void {
  const last = hunk?.lines.at(-1);
  if (last) last.endsFile = true;
}

function readFact(line: string, facts: FileFacts): void {
  const mode = MODE.exec(line);
  if (mode) {
    if (mode[1] === "old" || mode[1] === "deleted file") facts.oldMode = mode[2] ?? null;
    else facts.newMode = mode[2] ?? null;
    return;
  }
  const similarity = SIMILARITY.exec(line);
  if (similarity) facts.similarity = Number(similarity[1]);
}

/** Carriage returns are no part of the text; they are pointed out only where they differ. */
function settleLineEnds(hunks: readonly Hunk[], mixed: boolean): void {
  for (const { lines } of hunks) {
    for (const line of lines) {
      if (!line.text.endsWith("\r")) continue;
      line.text = line.text.slice(0, -1);
      if (mixed) line.carriageReturn = true;
    }
  }
}
