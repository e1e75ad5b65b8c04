/** Sorting a vertical list by the handles of its rows, with a pointer or the arrow keys. */
import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import { announce } from "@/ui/announcer";

interface Drag {
  from: number;
  to: number;
  /** How far the row was dragged. */
  offset: number;
  /** Height of the row, by which others make room. */
  height: number;
}

interface Options {
  list: RefObject<HTMLElement | null>;
  count: number;
  disabled: boolean;
  onMove: (from: number, to: number) => void;
}

/** Distance from the edge of the page within which it scrolls. */
const EDGE = 60;
const STEP = 14;

export function useSorting({ list, count, disabled, onMove }: Options) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const start = useRef<{ y: number; middles: number[] } | null>(null);
  const focused = useRef<string | null>(null);

  // A row that React puts elsewhere loses the focus.
  useEffect(() => {
    if (focused.current === null) return;
    list.current?.querySelector<HTMLElement>(`[data-sort="${CSS.escape(focused.current)}"]`)?.focus();
    focused.current = null;
  });

  const isDragging = drag !== null;
  useEffect(() => {
    if (!isDragging) return;
    const cancel = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      start.current = null;
      setDrag(null);
    };
    window.addEventListener("keydown", cancel, { capture: true });
    return () => window.removeEventListener("keydown", cancel, { capture: true });
  }, [isDragging]);

  const topOf = () => list.current?.getBoundingClientRect().top ?? 0;

  const begin = (event: PointerEvent<HTMLElement>, at: number) => {
    if (disabled || event.button !== 0) return;
    const rows = Array.from(list.current?.children ?? []).map((row) => row.getBoundingClientRect());
    const top = topOf();
    const row = rows[at];
    if (!row) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { y: event.clientY - top, middles: rows.map((each) => each.top + each.height / 2 - top) };
    setDrag({ from: at, to: at, offset: 0, height: row.height });
  };

  const follow = (event: PointerEvent<HTMLElement>) => {
    if (!start.current || !drag) return;
    const { y, middles } = start.current;
    const offset = event.clientY - topOf() - y;
    const middle = (middles[drag.from] ?? 0) + offset;
    const to = middles.filter((each, at) => at !== drag.from && each < middle).length;
    setDrag({ ...drag, offset, to });
    const scroller = list.current?.closest("[data-scroll]");
    const top = scroller?.querySelector("[data-sticky]")?.getBoundingClientRect().bottom ?? 0;
    if (event.clientY < top + EDGE) scroller?.scrollBy(0, -STEP);
    if (event.clientY > window.innerHeight - EDGE) scroller?.scrollBy(0, STEP);
  };

  const finish = () => {
    if (start.current && drag && drag.to !== drag.from) onMove(drag.from, drag.to);
    start.current = null;
    setDrag(null);
  };

  /** Moves a row and keeps the focus on its handle. */
  const moveBy = (key: string, name: string, from: number, to: number) => {
    if (to < 0 || to >= count || to === from) return;
    focused.current = key;
    onMove(from, to);
    announce(`${name}, position ${to + 1} of ${count}.`);
  };

  const handle = (key: string, name: string, at: number) => ({
    "data-sort": key,
    "aria-label": `Move ${name}`,
    "aria-keyshortcuts": "ArrowUp ArrowDown",
    disabled: disabled || count < 2,
    onPointerDown: (event: PointerEvent<HTMLElement>) => begin(event, at),
    onPointerMove: follow,
    onPointerUp: finish,
    onPointerCancel: () => {
      start.current = null;
      setDrag(null);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const targets: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: count - 1 };
      const to = targets[event.key];
      if (to === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      moveBy(key, name, at, to);
    },
  });

  /** Where a row is drawn during a drag. */
  const shift = (at: number): { transform?: string; isDragged: boolean } => {
    if (!drag) return { isDragged: false };
    const { from, to, offset, height } = drag;
    if (at === from) return { transform: `translateY(${offset}px)`, isDragged: true };
    if (at > from && at <= to) return { transform: `translateY(${-height}px)`, isDragged: false };
    if (at < from && at >= to) return { transform: `translateY(${height}px)`, isDragged: false };
    return { isDragged: false };
  };

  return { handle, shift, moveBy, isDragging };
}
