import { ArrowDown, ArrowUp, Columns2, Maximize2, Rows3 } from "lucide-react";
import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { explain } from "@/api";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/button";
import { plural } from "@/ui/plural";
import { Empty, Notice, Spinner } from "@/ui/states";
import { Tooltip } from "@/ui/tooltip";
import { useMedia } from "@/ui/use-media";
import { CommitMessage, hasMessage } from "./commit-message";
import { Counts } from "./counts";
import "./diff.css";
import { type DiffHandle, DiffView } from "./diff-view";
import type { LineTools } from "./line-frame";
import type { CommitDiff, DiffFile } from "./model/files";
import { isLineRow, keyOfLine, type LineRow, type LineTarget, stepLine, targetsOf } from "./model/line-targets";
import { highestNumber, placeOf, type Row } from "./model/rows";
import { useCommitDiff } from "./use-commit-diff";
import { useDiff } from "./use-diff";
import { useExpandedFiles } from "./use-expanded-files";

export interface EmbeddedDiffHandle {
  focus: () => void;
  /** Goes to the next or the previous change. */
  step: (by: 1 | -1) => void;
  /** Picks the line of the cursor, or the first change in sight. */
  pick: () => void;
  /** Shows a line, if the commit has it. */
  show: (line: Pick<LineTarget, "path" | "side" | "line">) => void;
}

interface Props {
  workflowId: string;
  sha: string;
  /** The lines with something below them, by `keyOfLine`. */
  marked: ReadonlySet<string>;
  below: (line: LineTarget) => ReactNode;
  onPick: (line: LineTarget) => void;
  onOpen: () => void;
  /** Shown where the diff cannot be. */
  fallback: ReactNode;
  ref: Ref<EmbeddedDiffHandle>;
}

/** The diff of a commit as a part of a page, with lines that can be picked. */
export function EmbeddedDiff(props: Props) {
  const { data, files, error, isPending, isFetching, refetch } = useCommitDiff(props.workflowId, props.sha);
  if (data && files && files.length > 0) return <Loaded {...props} key={data.commit_sha} diff={data} files={files} />;
  if (data) return <Empty title="No files changed">This commit changes no file.</Empty>;
  if (isPending) return <Spinner label="Loading the diff…" className="flex-1" />;
  return (
    <div className="scroll-thin grid min-h-0 flex-1 content-start gap-3 overflow-y-auto p-4">
      <Notice tone="warning">
        <span className="flex flex-wrap items-center justify-between gap-2">
          The diff cannot be shown. {explain(error)}
          <Button size="sm" disabled={isFetching} onClick={() => void refetch()}>
            Try again
          </Button>
        </span>
      </Notice>
      {props.fallback}
    </div>
  );
}

type LoadedProps = Props & { diff: CommitDiff; files: readonly DiffFile[] };

function Loaded({ diff, files: sent, marked, below, onPick, onOpen, ref }: LoadedProps) {
  const narrow = useMedia("(max-width: 767px)");
  const roomForTwo = useMedia("(min-width: 1600px)");
  const view = useRef<DiffHandle>(null);
  const message = hasMessage(diff);
  const { files, expand, active } = useExpandedFiles(diff, sent);
  const state = useDiff({ sha: diff.commit_sha, files, hasMessage: message, narrow: !roomForTwo, view });
  const digits = useMemo(() => String(highestNumber(files)).length, [files]);
  const [cursor, setCursor] = useState<Row | null>(null);
  const { rows } = state.rows;

  const has = useCallback((row: LineRow) => targetsOf(row).some((line) => marked.has(keyOfLine(line))), [marked]);
  const pickRow = useCallback(
    (row: LineRow) => {
      setCursor(row);
      const line = targetsOf(row)[0];
      if (line) onPick(line);
    },
    [onPick],
  );
  const lines = useMemo(
    (): LineTools => ({ cursor, has, below: (row) => targetsOf(row).map(below), onPick: pickRow }),
    [cursor, has, below, pickRow],
  );

  const put = (at: number) => {
    const row = rows[at];
    if (!isLineRow(row)) return;
    setCursor(row);
    view.current?.reveal(at);
    const line = targetsOf(row)[0];
    if (line) announce(`Line ${line.line}${line.side === "old" ? ", removed" : ""}: ${line.text.trim() || "empty"}`);
  };
  const place = () => (cursor ? placeOf(rows, cursor) : -1);
  const move = (by: 1 | -1) => {
    const at = place();
    const sight = view.current?.inSight();
    const from = at >= 0 ? at : by > 0 ? (sight?.from ?? 0) - 1 : (sight?.to ?? 0) + 1;
    put(stepLine(rows, from, by));
  };
  const step = (by: 1 | -1) => {
    const sight = view.current?.inSight();
    const at = place() >= 0 ? place() : (sight?.from ?? 0) - 1;
    const next = by > 0 ? state.rows.changes.find((row) => row > at) : state.rows.changes.findLast((row) => row < at);
    if (next === undefined) announce(by > 0 ? "No more changes below" : "No more changes above");
    else put(next);
  };
  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    step,
    pick: () => {
      const sight = view.current?.inSight();
      const change = state.rows.changes.find((row) => row >= (sight?.from ?? 0)) ?? state.rows.changes[0] ?? -1;
      const row = rows[place() >= 0 ? place() : change >= 0 ? change : stepLine(rows, -1, 1)];
      if (isLineRow(row)) pickRow(row);
    },
    show: (line) => {
      const key = keyOfLine(line);
      const at = rows.findIndex((row) => isLineRow(row) && targetsOf(row).some((other) => keyOfLine(other) === key));
      if (at >= 0) put(at);
    },
  }));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    // Only for the list of lines itself: fields and buttons inside have their own keys.
    if (!(event.target instanceof HTMLElement) || event.target.dataset.testid !== "diff") return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: takes the arrow keys of the list inside, which has the focus
    <div onKeyDown={onKeyDown} className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b pr-2 pl-4 text-xs">
        <span className="tabular">{plural(diff.total_files, "file")}</span>
        <Counts insertions={diff.total_insertions} deletions={diff.total_deletions} />
        <div className="ml-auto flex items-center gap-0.5">
          <Button size="icon-sm" variant="ghost" aria-label="Previous change" onClick={() => step(-1)}>
            <ArrowUp />
          </Button>
          <Button size="icon-sm" variant="ghost" aria-label="Next change" onClick={() => step(1)}>
            <ArrowDown />
          </Button>
          {roomForTwo && (
            <Tooltip label={state.mode === "split" ? "Show in one column" : "Show side by side"}>
              <Button
                size="icon-sm"
                variant="ghost"
                aria-label={state.mode === "split" ? "Show in one column" : "Show side by side"}
                onClick={() => state.setMode(state.mode === "split" ? "unified" : "split")}
              >
                {state.mode === "split" ? <Rows3 /> : <Columns2 />}
              </Button>
            </Tooltip>
          )}
          <Tooltip label="Open the diff over the whole page">
            <Button size="icon-sm" variant="ghost" aria-label="Open the diff over the whole page" onClick={onOpen}>
              <Maximize2 />
            </Button>
          </Tooltip>
        </div>
      </div>
      <DiffView
        ref={view}
        {...state.shown}
        onExpand={expand}
        expanding={active}
        narrow={narrow}
        digits={digits}
        message={<CommitMessage diff={diff} />}
        lines={lines}
      />
    </div>
  );
}
