import { useCallback, useEffect, useRef, useState } from "react";
import { Highlighter } from "./highlight/highlighter";
import type { DiffFile } from "./model/files";

/** Highlights the files in sight. `highlighted` names those that are done. */
export function useHighlighter() {
  const [highlighter, setHighlighter] = useState<Highlighter | null>(null);
  const [highlighted, setHighlighted] = useState<ReadonlySet<number>>(new Set());
  const asked = useRef("");
  useEffect(() => {
    const created = new Highlighter((file) => setHighlighted((old) => new Set(old).add(file)));
    setHighlighter(created);
    setHighlighted(new Set());
    asked.current = "";
    return () => created.close();
  }, []);
  const want = useCallback(
    (files: readonly DiffFile[]) => {
      const key = files.map(({ index }) => index).join();
      if (!highlighter || asked.current === key) return;
      asked.current = key;
      highlighter.want(files);
    },
    [highlighter],
  );
  return { highlighter, highlighted, want };
}
