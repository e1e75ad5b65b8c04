import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
} from "react";
import { CodeRow } from "./code-line";
import { FileHeader } from "./file-header";
import { LineFrame, type LineTools } from "./line-frame";
import type { DiffFile } from "./model/files";
import { isLineRow } from "./model/line-targets";
import { keyOf, lastUpTo, type Mode, type Row, type Rows } from "./model/rows";
import { estimateHeight, HEADER_HEIGHT, LINE_HEIGHT, needsMeasuring } from "./row-heights";
import { GapRow, NoteRow } from "./small-rows";
import { useAnchor } from "./use-anchor";
import { numberWidth, useColumns } from "./use-columns";
import type { Step } from "./use-expanded-files";
import { useHighlighter } from "./use-highlighter";

export interface DiffHandle {
  /** Scrolls to a row: a file's header to the top, a change below it. */
  jump: (row: number) => void;
  /** Whether a row begins above what is in sight. */
  isAbove: (row: number) => boolean;
  /** The first and the last row in sight. */
  inSight: () => { from: number; to: number };
  /** Scrolls no further than a row needs to be in sight. */
  reveal: (row: number) => void;
  focus: () => void;
}

interface Props {
  rows: Rows;
  mode: Mode;
  narrow: boolean;
  /** The digits of the highest line number. */
  digits: number;
  message: ReactNode;
  collapsed: ReadonlySet<number>;
  viewed: ReadonlySet<string>;
  /** The change that was jumped to: its rows. */
  change: { from: number; to: number } | null;
  onCollapse: (file: number) => void;
  onViewed: (file: number) => void;
  /** Called with the file that is in sight. */
  onFile: (file: number) => void;
  onExpand: (step: Step) => void;
  /** The step that is being loaded. */
  expanding: Step | null;
  lines?: LineTools;
  ref: Ref<DiffHandle>;
}

/** Lines above a change that is jumped to. */
const LINES_ABOVE = 4;

/** The list of all files and their lines. Only what is in sight is drawn. */
export function DiffView(props: Props) {
  const { rows, mode, narrow, digits, collapsed, viewed, change, onCollapse, onViewed, onFile, lines, ref } = props;
  const scroller = useRef<HTMLElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const columns = useColumns({ scroller, ruler, mode, narrow, digits });
  const geometry = { mode, columns };
  const { highlighter, highlighted, want } = useHighlighter();
  const { headers } = rows;

  // Rows keep their measured heights when others are folded away, but not when the width changes.
  const has = lines?.has;
  const getItemKey = useCallback(
    (index: number) => {
      const row = rows.rows[index] as Row;
      return `${columns}:${keyOf(row)}${has && isLineRow(row) && has(row) ? "+" : ""}`;
    },
    [rows, columns, has],
  );
  const virtual = useVirtualizer<HTMLElement, HTMLDivElement>({
    count: rows.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(rows.rows[index], geometry),
    getItemKey,
    overscan: 12,
    paddingStart: narrow ? 0 : 12,
    paddingEnd: 120,
    // The header of the file in sight stays at the top.
    rangeExtractor: (range) => {
      const header = headers[lastUpTo(headers, range.startIndex)];
      const indexes = defaultRangeExtractor(range);
      return header === undefined || header >= (indexes[0] ?? 0) ? indexes : [header, ...indexes];
    },
    useFlushSync: false,
  });

  const startOf = useCallback((row: number) => virtual.measurementsCache[row]?.start ?? 0, [virtual]);
  const anchor = useAnchor(scroller, virtual, rows);
  const inSight = useCallback(() => {
    const element = scroller.current;
    const all = virtual.measurementsCache;
    const starts = { length: all.length, at: (i: number) => all[i]?.start ?? 0 };
    const top = (element?.scrollTop ?? 0) + HEADER_HEIGHT;
    return {
      from: firstFrom(starts, top),
      to: firstFrom(starts, top - HEADER_HEIGHT + (element?.clientHeight ?? 0) - LINE_HEIGHT + 1) - 1,
    };
  }, [virtual]);

  const rowsNow = useRef(rows);
  useEffect(() => {
    rowsNow.current = rows;
  });
  useImperativeHandle(
    ref,
    () => ({
      jump: (row) => {
        const element = scroller.current;
        if (!element) return;
        const target = rowsNow.current.rows[row];
        if (!target) return;
        const above =
          target.kind === "file" || target.kind === "message" ? 0 : HEADER_HEIGHT + LINES_ABOVE * LINE_HEIGHT;
        anchor.set({ index: row, row: target, above });
        if (target.kind !== "message") onFile(target.file.index);
      },
      isAbove: (row) => startOf(row) < (scroller.current?.scrollTop ?? 0),
      inSight,
      reveal: (row) => {
        const element = scroller.current;
        const item = virtual.measurementsCache[row];
        if (!element || !item) return;
        const top = item.start - HEADER_HEIGHT - LINE_HEIGHT;
        const bottom = item.end + LINE_HEIGHT - element.clientHeight;
        if (element.scrollTop > top) element.scrollTop = top;
        else if (element.scrollTop < bottom) element.scrollTop = Math.min(top, bottom);
      },
      focus: () => scroller.current?.focus({ preventScroll: true }),
    }),
    [startOf, inSight, onFile, anchor, virtual],
  );

  // A button that showed the last lines of a gap is gone, and the focus with it.
  const { expanding } = props;
  const wasExpanding = useRef(false);
  useEffect(() => {
    const lost = document.activeElement?.contains(scroller.current);
    if (wasExpanding.current && !expanding && lost) scroller.current?.focus({ preventScroll: true });
    wasExpanding.current = expanding !== null;
  }, [expanding]);

  const items = virtual.getVirtualItems();
  const top = virtual.scrollOffset ?? 0;
  const inFront = lastUpTo(headers, firstFrom({ length: rows.rows.length, at: startOf }, top + HEADER_HEIGHT + 1) - 1);
  const shownFile = anchor.holds(top) ? null : Math.max(0, inFront);
  useEffect(() => {
    // The scroll event of a jump may be still to come.
    if (shownFile !== null && !anchor.holds()) onFile(shownFile);
  }, [shownFile, onFile, anchor]);
  useEffect(() => want(filesOf(items.map(({ index }) => rows.rows[index]))));

  const active = headers[lastUpTo(headers, virtual.range?.startIndex ?? 0)];
  return (
    <section
      ref={scroller}
      aria-label="Changes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      data-testid="diff"
      className="diff scroll-thin relative min-h-0 min-w-0 flex-1 overflow-y-auto overflow-x-hidden bg-background outline-offset-[-2px] [overflow-anchor:none]"
      style={{ "--diff-number": `${numberWidth(digits)}ch` } as CSSProperties}
    >
      <span ref={ruler} aria-hidden="true" className="invisible absolute whitespace-pre">
        {"0".repeat(100)}
      </span>
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const row = rows.rows[index] as Row;
          const sticks = index === active && start < top;
          return (
            <div
              key={key}
              data-index={index}
              ref={needsMeasuring(row, geometry) || isPlus(key) ? virtual.measureElement : undefined}
              className={sticks ? "sticky top-0 z-10 bg-background md:px-3" : "absolute inset-x-0 top-0 md:px-3"}
              style={sticks ? undefined : { transform: `translateY(${start}px)` }}
            >
              {row.kind === "file" ? (
                <FileHeader
                  file={row.file}
                  collapsed={collapsed.has(row.file.index)}
                  viewed={viewed.has(row.file.path)}
                  onCollapse={onCollapse}
                  onViewed={onViewed}
                />
              ) : row.kind === "line" || row.kind === "pair" ? (
                <LineFrame row={row} lines={lines}>
                  <CodeRow
                    row={row}
                    narrow={narrow}
                    current={change !== null && index >= change.from && index <= change.to}
                    highlighter={highlighter}
                    highlighted={highlighted.has(row.file)}
                  />
                </LineFrame>
              ) : row.kind === "gap" ? (
                <GapRow row={row} expanding={expanding} onExpand={props.onExpand} />
              ) : row.kind === "note" ? (
                <NoteRow text={row.text} />
              ) : row.kind === "message" ? (
                props.message
              ) : (
                <div className={collapsed.has(row.file.index) ? "h-4" : "h-4 pb-2"}>
                  {!collapsed.has(row.file.index) && <div className="h-1 rounded-b-lg border border-t-0 bg-surface" />}
                </div>
              )}
            </div>
          );
        })}
      </div>
    </section>
  );
}

const isPlus = (key: unknown): boolean => typeof key === "string" && key.endsWith("+");

/** The first place whose start is not before a point. */
function firstFrom(starts: { length: number; at: (i: number) => number }, point: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts.at(middle) < point) low = middle + 1;
    else high = middle;
  }
  return low;
}

function filesOf(rows: readonly (Row | undefined)[]): DiffFile[] {
  const files = new Set<DiffFile>();
  for (const row of rows) if (row && "file" in row) files.add(row.file);
  return [...files];
}
