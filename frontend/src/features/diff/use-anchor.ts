import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef } from "react";
import { placeOf, type Row, type Rows } from "./model/rows";

/** A row that was jumped to, and how much of what is above it stays in sight, in pixels. */
interface Anchor {
  index: number;
  row: Row;
  above: number;
}

/**
 * Keeps the row that was jumped to at its place while the rows around it turn out to be higher or lower than estimated,
 * until the user scrolls. Rows are measured when they are drawn, on a busy machine long after the jump.
 */
export function useAnchor(
  scroller: RefObject<HTMLElement | null>,
  virtual: Virtualizer<HTMLElement, HTMLDivElement>,
  rows: Rows,
) {
  const anchor = useRef<(Anchor & { top: number }) | null>(null);

  const place = useCallback(() => {
    const element = scroller.current;
    const held = anchor.current;
    if (!element || !held) return;
    const wanted = Math.max(0, (virtual.measurementsCache[held.index]?.start ?? 0) - held.above);
    if (Math.abs(wanted - element.scrollTop) >= 1) element.scrollTop = wanted;
    held.top = element.scrollTop;
  }, [scroller, virtual]);

  const release = useCallback(() => {
    anchor.current = null;
    virtual.shouldAdjustScrollPositionOnItemSizeChange = undefined;
  }, [virtual]);

  const set = useCallback(
    (wanted: Anchor) => {
      anchor.current = { ...wanted, top: 0 };
      // Two corrections would add up.
      virtual.shouldAdjustScrollPositionOnItemSizeChange = () => false;
      place();
    },
    [virtual, place],
  );

  /** Whether the list is where the last jump led: it has not been scrolled since. */
  const holds = useCallback(
    (top = scroller.current?.scrollTop ?? 0) => {
      const element = scroller.current;
      if (!element || !anchor.current) return false;
      // Folding files away can end the list before that place.
      const end = Math.max(0, element.scrollHeight - element.clientHeight);
      return Math.abs(Math.min(anchor.current.top, end) - top) < 2;
    },
    [scroller],
  );

  useLayoutEffect(() => {
    const held = anchor.current;
    if (!held) return;
    // Files that were folded away or unfolded, and lines that were added, move the row.
    if (rows.rows[held.index] !== held.row) held.index = placeOf(rows.rows, held.row);
    if (held.index >= 0 && holds()) place();
    else release();
  });

  return useMemo(() => ({ set, holds }), [set, holds]);
}
