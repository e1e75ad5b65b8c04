import { useCallback, useMemo, useState } from "react";
import { explain, tickets } from "@/api";
import { announce } from "@/ui/announcer";
import { plural } from "@/ui/plural";
import { toast } from "@/ui/toast";
import { type Part, rangeOf, withLines } from "./model/expand";
import type { CommitDiff, DiffFile } from "./model/files";

/** A gap between two hunks of a file, and the step that shows lines of it. */
export interface Step {
  file: DiffFile;
  gap: number;
  part: Part;
}

/** The files of a diff, with the unchanged lines that the reader asked for. */
export function useExpandedFiles(diff: CommitDiff, files: readonly DiffFile[]) {
  const [expanded, setExpanded] = useState<ReadonlyMap<number, DiffFile>>(new Map());
  const [active, setActive] = useState<Step | null>(null);
  const all = useMemo(() => files.map((file) => expanded.get(file.index) ?? file), [files, expanded]);

  /** Shows more lines; true once they are there. One step at a time, as each changes the places of the others. */
  const expand = useCallback(
    async (step: Step): Promise<boolean> => {
      if (active) return false;
      setActive(step);
      const { file, gap, part } = step;
      const { first, last } = rangeOf(file, gap, part);
      try {
        const query = { workflow_id: diff.workflow_id, path: file.path, first_line: first, last_line: last };
        const { lines, total_lines } = await tickets.commitFileLines(diff.commit_sha, query);
        const shown = withLines(file, gap, first, lines, total_lines);
        setExpanded((old) => new Map(old).set(file.index, shown));
        announce(lines.length > 0 ? `${plural(lines.length, "line")} shown` : "The file ends here");
        return true;
      } catch (error) {
        toast.error("The lines cannot be shown", { description: explain(error) });
        return false;
      } finally {
        setActive(null);
      }
    },
    [active, diff],
  );
  return { files: all, expand, active };
}
