/** The files of a commit, parsed, in the order of their tree. Pure. */
import type { tickets } from "@/api";
import { plural } from "@/ui/plural";
import { type FileFacts, type Hunk, parseDiff } from "./parse";
import { treeOrder } from "./tree";

export type CommitDiff = Awaited<ReturnType<typeof tickets.commitDiff>>;
export type ApiFile = CommitDiff["files"][number];

export interface DiffFile {
  /** Its place in the list. */
  index: number;
  path: string;
  oldPath: string | null;
  status: ApiFile["status"];
  insertions: number;
  deletions: number;
  binary: boolean;
  language: string;
  facts: FileFacts;
  hunks: Hunk[];
  /** Unchanged lines that are left out after the last hunk; null if that is not known yet. */
  skippedBelow: number | null;
  /** What there is to say about a file besides its lines. */
  notes: string[];
}

/** Unchanged lines that the server sends before and after a change. */
const CONTEXT_LINES = 3;
const SYMBOLIC_LINK = "120000";
const SUBMODULE = "160000";

export function toFiles(files: readonly ApiFile[]): DiffFile[] {
  return treeOrder(files.map(({ path }) => path)).map((place, index) => {
    const file = files[place] as ApiFile;
    const { facts, hunks, parts } = parseDiff(file.diff);
    return {
      index,
      path: file.path,
      oldPath: file.old_path && file.old_path !== file.path ? file.old_path : null,
      status: file.status,
      insertions: file.insertions,
      deletions: file.deletions,
      binary: file.binary,
      language: file.language,
      facts,
      hunks,
      skippedBelow: file.status === "added" || file.truncated || parts > 1 ? 0 : skippedBelow(hunks),
      notes: notesOf(file, facts, hunks),
    };
  });
}

/** The lines below the last hunk: there are none where it ends with less context than git gives. */
function skippedBelow(hunks: readonly Hunk[]): number | null {
  const end = hunks.at(-1)?.lines.slice(-CONTEXT_LINES) ?? [];
  const ends = end.length < CONTEXT_LINES || end.some(({ kind, endsFile }) => kind !== "same" || endsFile);
  return ends ? 0 : null;
}

/** What changed about a file besides its lines, in a few words. */
export function labelsOf({ status, facts }: Pick<DiffFile, "status" | "facts">): string[] {
  const labels: string[] = [];
  const { oldMode, newMode, similarity } = facts;
  if (status === "renamed" || status === "copied") {
    const name = status === "renamed" ? "Renamed" : "Copied";
    labels.push(similarity === null || similarity === 100 ? name : `${name}, ${similarity}% the same`);
  } else if (status !== "modified") {
    labels.push(status === "added" ? "Added" : "Deleted");
  }
  const mode = newMode ?? oldMode;
  if (oldMode && newMode && oldMode !== newMode) labels.push(`Mode ${oldMode} → ${newMode}`);
  else if (mode === SYMBOLIC_LINK) labels.push("Symbolic link");
  else if (mode === SUBMODULE) labels.push("Submodule");
  else if (mode === "100755") labels.push("Executable");
  return labels;
}

function notesOf(file: ApiFile, facts: FileFacts, hunks: readonly Hunk[]): string[] {
  if (file.truncated) {
    const shown = hunks.reduce((sum, { lines }) => sum + lines.filter(({ kind }) => kind !== "same").length, 0);
    const left = file.insertions + file.deletions - shown;
    return [
      shown === 0
        ? "Too large to show."
        : `Too large to show in full: ${plural(Math.max(left, 0), "changed line")} more.`,
    ];
  }
  if (file.binary) return ["Binary file: there are no lines to show."];
  if (hunks.length > 0) return [];
  if (facts.oldMode && facts.newMode && facts.oldMode !== facts.newMode) return ["Only the mode of the file changed."];
  if (file.status === "renamed") return ["Renamed without a change."];
  if (file.status === "copied") return ["Copied without a change."];
  if (file.status === "added" || file.status === "deleted") return ["The file is empty."];
  return ["There are no lines to show."];
}
