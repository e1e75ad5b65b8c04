import { formatTick, type Kind } from "../formats";
import type { ValueAxis } from "./scales";

export const CHART_HEIGHT = 220;
export const MARGIN = { top: 10, right: 12, bottom: 24 } as const;

interface ValueProps {
  axis: ValueAxis;
  kind: Kind;
  y: (value: number) => number;
  left: number;
  right: number;
}

/** Horizontal lines with their figures. */
export function ValueLines({ axis, kind, y, left, right }: ValueProps) {
  return axis.ticks.map((tick) => (
    <g key={tick}>
      <line
        x1={left}
        x2={right}
        y1={y(tick)}
        y2={y(tick)}
        className={tick === 0 ? "stroke-border-strong" : "stroke-border"}
      />
      <text x={left - 6} y={y(tick)} dy="0.32em" textAnchor="end" className="tabular fill-muted-foreground text-[11px]">
        {formatTick(tick, kind)}
      </text>
    </g>
  ));
}

interface LabelProps {
  labels: readonly { x: number; text: string }[];
  y: number;
  /** Where the chart ends: labels at its edges stay inside. */
  right: number;
}

export function BottomLabels({ labels, y, right }: LabelProps) {
  return labels.map(({ x, text }) => (
    <text
      key={x}
      x={x}
      y={y}
      textAnchor={x + text.length * 3.2 > right ? "end" : "middle"}
      className="tabular fill-muted-foreground text-[11px]"
    >
      {text}
    </text>
  ));
}
