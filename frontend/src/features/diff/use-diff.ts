import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { announce } from "@/ui/announcer";
import type { DiffHandle } from "./diff-view";
import { fitsAtOnce } from "./model/expand";
import type { DiffFile } from "./model/files";
import { changeAt, lastUpTo, type Mode, placeOf, type Row, toRows } from "./model/rows";
import { readMode, readViewed, writeMode, writeViewed } from "./stored";
import type { Step } from "./use-expanded-files";

interface Options {
  sha: string;
  files: readonly DiffFile[];
  /** Whether there is something to say above the files. */
  hasMessage: boolean;
  /** Narrow pages have no room for two sides. */
  narrow: boolean;
  view: RefObject<DiffHandle | null>;
}

/** How a diff is shown, and the way through it. */
export function useDiff({ sha, files, hasMessage, narrow, view }: Options) {
  const [preferred, setPreferred] = useState<Mode>(readMode);
  const mode: Mode = narrow ? "unified" : preferred;
  const [viewed, setViewed] = useState<ReadonlySet<string>>(() => readViewed(sha));
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(
    () => new Set(files.flatMap(({ path, index }) => (viewed.has(path) ? [index] : []))),
  );
  const [current, setCurrent] = useState(0);
  /** The row that was jumped to last. */
  const [cursor, setCursor] = useState<Row | null>(null);
  const rows = useMemo(() => toRows(files, mode, collapsed, hasMessage), [files, mode, collapsed, hasMessage]);
  const at = useMemo(() => (cursor ? placeOf(rows.rows, cursor) : -1), [rows, cursor]);
  const change = useMemo(() => (rows.changes.includes(at) ? changeAt(rows, at) : null), [rows, at]);

  const goTo = useCallback(
    (row: number) => {
      setCursor(rows.rows[row] ?? null);
      view.current?.jump(row);
    },
    [rows, view],
  );

  // A jump to a file whose rows, or those above it, are about to change.
  const next = useRef<{ file: number; onlyFromBelow: boolean } | null>(null);
  useEffect(() => {
    const wanted = next.current;
    next.current = null;
    const row = wanted && rows.headers[wanted.file];
    if (row === null || row === undefined) return;
    if (!wanted?.onlyFromBelow || view.current?.isAbove(row)) goTo(row);
  }, [rows, goTo, view]);

  const jumpToFile = useCallback(
    (file: number) => {
      const row = rows.headers[file];
      if (row !== undefined) goTo(row);
    },
    [rows, goTo],
  );

  // A diff opens at the first file with lines, not at a picture.
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    const first = files.findIndex(({ hunks }) => hunks.length > 0);
    if (first > 0) jumpToFile(first);
  }, [files, jumpToFile]);

  const stepChange = (by: 1 | -1) => {
    const sight = view.current?.inSight();
    if (!sight) return;
    const known = at >= 0 && at >= sight.from - 1 && at <= sight.to;
    const from = known ? at : by > 0 ? sight.from - 1 : sight.from;
    const place = by > 0 ? lastUpTo(rows.changes, from) + 1 : lastUpTo(rows.changes, from - 1);
    const row = rows.changes[place];
    if (row === undefined) {
      announce(by > 0 ? "No more changes below" : "No more changes above");
      return;
    }
    goTo(row);
    const file = rows.rows[row];
    const path = file && "file" in file ? file.file.path : "";
    announce(`Change ${place + 1} of ${rows.changes.length}, ${path}`);
  };

  const stepFile = (by: 1 | -1) => {
    const file = files[current + by];
    if (!file) {
      announce(by > 0 ? "This is the last file" : "This is the first file");
      return;
    }
    jumpToFile(file.index);
    announce(`File ${file.index + 1} of ${files.length}, ${file.path}`);
  };

  const toggleCollapsed = useCallback((file: number) => {
    next.current = { file, onlyFromBelow: true };
    setCollapsed((old) => toggled(old, file));
  }, []);

  const setFileViewed = useCallback(
    (file: number, advance: boolean) => {
      const path = files[file]?.path;
      if (path === undefined) return;
      const nowViewed = !viewed.has(path);
      const marks = toggled(viewed, path);
      setViewed(marks);
      writeViewed(sha, marks);
      const following = nowViewed && advance && file + 1 < files.length ? file + 1 : file;
      next.current = { file: following, onlyFromBelow: following === file };
      setCollapsed((old) => (old.has(file) === nowViewed ? new Set(old) : toggled(old, file)));
      if (advance) announce(`${path} ${nowViewed ? "viewed" : "not viewed"}`);
    },
    [files, viewed, sha],
  );
  const toggleViewed = useCallback((file: number) => setFileViewed(file, false), [setFileViewed]);

  /** The gap below the change that was jumped to, or else the first one in sight. */
  const gapInSight = (): Step | null => {
    const sight = view.current?.inSight();
    if (!sight) return null;
    const from = at >= sight.from && at <= sight.to ? at : sight.from;
    const row = rows.rows.slice(from, sight.to + 1).find(({ kind }) => kind === "gap");
    if (row?.kind !== "gap") {
      announce("No lines are left out here");
      return null;
    }
    return { file: row.file, gap: row.gap, part: fitsAtOnce(row.skipped) ? "all" : "top" };
  };

  const allCollapsed = collapsed.size === files.length;
  const toggleAll = () => {
    next.current = { file: current, onlyFromBelow: false };
    setCollapsed(allCollapsed ? new Set() : new Set(files.map(({ index }) => index)));
    announce(allCollapsed ? "All files expanded" : "All files collapsed");
  };
  const setMode = (wanted: Mode) => {
    next.current = { file: current, onlyFromBelow: false };
    setPreferred(wanted);
    writeMode(wanted);
  };

  return {
    mode,
    setMode,
    rows,
    change,
    /** The place of the change that was jumped to; null before the first. */
    changePlace: change ? rows.changes.indexOf(at) + 1 : null,
    current,
    setCurrent,
    viewed,
    collapsed,
    allCollapsed,
    jumpToFile,
    stepChange,
    stepFile,
    toggleCollapsed,
    toggleViewed,
    /** Marks the file in sight as viewed and goes on to the next one, or takes the mark away. */
    viewCurrent: () => setFileViewed(current, true),
    toggleAll,
    gapInSight,
    /** What the view of the rows takes. */
    shown: {
      rows,
      mode,
      change,
      collapsed,
      viewed,
      onCollapse: toggleCollapsed,
      onViewed: toggleViewed,
      onFile: setCurrent,
    },
  };
}

function toggled<T>(all: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const next = new Set(all);
  if (!next.delete(one)) next.add(one);
  return next;
}
