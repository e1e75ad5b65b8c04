/** What moves over a chart: chooses one of its points by pointer and by keyboard, and says what is there. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from "react";
import { cn } from "@/ui/cn";

export interface Point {
  x: number;
  y: number;
}

export interface TipRow {
  name: string;
  value: string;
  color?: string;
}

export interface Tip {
  title: string;
  rows: readonly TipRow[];
  note?: string | undefined;
}

interface Props {
  /** What is chosen, as an accessible name. */
  label: string;
  points: readonly Point[];
  /** Whether the nearest point counts in both directions, as for dots. */
  both?: boolean;
  width: number;
  height: number;
  tipOf: (index: number) => Tip;
  /** Called with what is chosen, or with null. */
  onChosen?: ((index: number | null) => void) | undefined;
  onOpen?: ((index: number) => void) | undefined;
  /** What is drawn at the chosen point, below the hint. */
  children?: (index: number) => ReactNode;
}

/** How far a pointer may be from a dot. */
const REACH = 28;

export function ChartCursor({ label, points, both = false, width, height, tipOf, onChosen, onOpen, children }: Props) {
  const [chosen, choose] = useState<number | null>(null);
  const setChosen = (next: number | null) => {
    choose(next);
    onChosen?.(next);
  };
  const index = chosen === null || points.length === 0 ? null : Math.min(chosen, points.length - 1);
  const last = points.length - 1;

  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setChosen(nearest(points, event.clientX - box.left, event.clientY - box.top, both));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = index ?? last;
    const next: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageUp: at + 10,
      PageDown: at - 10,
      Home: 0,
      End: last,
    };
    const to = next[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(Math.max(0, Math.min(last, to)));
    } else if (event.key === "Escape" && index !== null) {
      event.preventDefault();
      event.stopPropagation();
      setChosen(null);
    } else if (event.key === "Enter" && index !== null) {
      onOpen?.(index);
    }
  };
  if (last < 0) return null;
  const tip = tipOf(index ?? last);
  return (
    <>
      {index !== null && (
        <svg width={width} height={height} className="pointer-events-none absolute inset-0" aria-hidden="true">
          {children?.(index)}
        </svg>
      )}
      <div
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index ?? last}
        aria-valuetext={spoken(tip)}
        className={cn("absolute inset-0 rounded-md", both && index !== null && onOpen && "cursor-pointer")}
        style={{ touchAction: "pan-y" }}
        onPointerMove={follow}
        onPointerDown={follow}
        onPointerLeave={() => setChosen(null)}
        onFocus={({ currentTarget }) => currentTarget.matches(":focus-visible") && setChosen(chosen ?? last)}
        onBlur={() => setChosen(null)}
        onKeyDown={onKeyDown}
        onClick={() => index !== null && onOpen?.(index)}
      />
      {index !== null && <Hint tip={tip} at={points[index] ?? { x: 0, y: 0 }} width={width} />}
    </>
  );
}

function nearest(points: readonly Point[], x: number, y: number, both: boolean): number | null {
  let [best, found] = [both ? REACH * REACH : Number.POSITIVE_INFINITY, null as number | null];
  points.forEach((point, index) => {
    const distance = (point.x - x) ** 2 + (both ? (point.y - y) ** 2 : 0);
    if (distance > best) return;
    best = distance;
    found = index;
  });
  return found;
}

function spoken({ title, rows, note }: Tip): string {
  return [title, ...rows.map(({ name, value }) => `${name} ${value}`), note].filter(Boolean).join(", ");
}

function Hint({ tip, at, width }: { tip: Tip; at: Point; width: number }) {
  const left = at.x > width / 2;
  return (
    <div
      data-testid="chart-tip"
      aria-hidden="true"
      className="pointer-events-none absolute top-1 z-20 w-max max-w-60 rounded-md border bg-surface px-2.5 py-2 text-xs shadow-pop"
      style={left ? { right: Math.max(0, width - at.x + 10) } : { left: Math.max(0, at.x + 10) }}
    >
      <p className="font-medium [overflow-wrap:anywhere]">{tip.title}</p>
      {tip.rows.length > 0 && (
        <dl className="mt-1 grid grid-cols-[auto_1fr_auto] items-center gap-x-2 gap-y-0.5">
          {tip.rows.map(({ name, value, color }) => (
            <div key={name} className="contents">
              <span className="size-2 rounded-[2px]" style={{ backgroundColor: color ?? "transparent" }} />
              <dt className="truncate text-muted-foreground">{name}</dt>
              <dd className="tabular text-right">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {tip.note && <p className="mt-1 text-muted-foreground">{tip.note}</p>}
    </div>
  );
}
