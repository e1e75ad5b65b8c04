import { useCallback, useEffect, useRef, useState } from "react";
import { Highlighter } from "./highlight/highlighter";
import type { DiffFile } from "./model/files";

/** Highlights the files in sight. `highlighted` names those that are done. */
export function useHighlighter() {
  const [highlighter, setHighlighter] = useState<Highlighter | null>(null);
  const [highlighted, setHighlighted] = useState<ReadonlySet<DiffFile>>(new Set());
  const asked = useRef<readonly DiffFile[]>([]);
  useEffect(() => {
    const created = new Highlighter((file) => setHighlighted((old) => new Set(old).add(file)));
    setHighlighter(created);
    setHighlighted(new Set());
    asked.current = [];
    return () => created.close();
  }, []);
  const want = useCallback(
    (files: readonly DiffFile[]) => {
      const { current } = asked;
      if (!highlighter || (files.length === current.length && files.every((file, i) => file === current[i]))) return;
      asked.current = files;
      highlighter.want(files);
    },
    [highlighter],
  );
  return { highlighter, highlighted, want };
}
