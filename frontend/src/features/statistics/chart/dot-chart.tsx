import { useRef } from "react";
import { formatFigure } from "../formats";
import { BottomLabels, CHART_HEIGHT, MARGIN, ValueLines } from "./axes";
import { ChartCursor, type Tip } from "./cursor";
import { Legend } from "./legend";
import { axisWidth, fitText, valueAxis } from "./scales";
import { useWidth } from "./use-size";

export interface Dot {
  id: string;
  /** From 0, the left edge, to 1. */
  at: number;
  seconds: number;
  color: string;
}

interface Props {
  label: string;
  /** In the order in which the arrow keys go through them. */
  dots: readonly Dot[];
  /** Where labels stand below, from 0 to 1. */
  labels: readonly { at: number; text: string }[];
  /** Limits as horizontal lines, such as percentiles. */
  limits: readonly { name: string; seconds: number }[];
  legend?: readonly { name: string; color: string }[];
  tipOf: (index: number) => Tip;
  onChosen?: (index: number | null) => void;
  onOpen: (index: number) => void;
  height?: number;
}

/** How far the names of limits stay apart. */
const LINE_HEIGHT = 13;

/** Tickets as dots, by a duration. */
export function DotChart(props: Props) {
  const { label, dots, labels, limits, legend = [], tipOf, onChosen, onOpen, height = CHART_HEIGHT + 20 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const axis = valueAxis(Math.max(0, ...dots.map(({ seconds }) => seconds)), "seconds");
  const left = axisWidth(axis, "seconds");
  const right = MARGIN.right + (limits.length > 0 ? 62 : 0);
  const bottom = height - MARGIN.bottom;
  const inner = Math.max(width - left - right, 0);
  const x = (at: number) => left + 6 + at * (inner - 12);
  const y = (seconds: number) => bottom - (seconds / axis.max) * (bottom - MARGIN.top);
  const shown = limits.filter(({ seconds }) => seconds <= axis.max).sort((a, b) => a.seconds - b.seconds);
  // Names of limits that are close together move up.
  const heights: number[] = [];
  for (const { seconds } of shown) {
    heights.push(Math.min(y(seconds), (heights.at(-1) ?? Number.POSITIVE_INFINITY) - LINE_HEIGHT));
  }
  const summary = limits.map(({ name, seconds }) => `${name} ${formatFigure(seconds, "seconds")}`).join(", ");
  return (
    <div className="grid gap-2">
      <div ref={frame} className="relative" style={{ height }}>
        {width > 0 && (
          <>
            <svg width={width} height={height} role="img" aria-label={`${label}. ${dots.length} tickets. ${summary}`}>
              <ValueLines axis={axis} kind="seconds" y={y} left={left} right={width - right} />
              <BottomLabels
                labels={labels.map(({ at, text }) => ({ x: x(at), text: fitText(text, inner / labels.length - 8) }))}
                y={height - 6}
                right={width - right + 20}
              />
              {shown.map(({ name, seconds }, index) => (
                <g key={name}>
                  <line
                    x1={left}
                    x2={width - right}
                    y1={y(seconds)}
                    y2={y(seconds)}
                    className="stroke-muted-foreground"
                    strokeDasharray="4 4"
                  />
                  <text
                    x={width - right + 5}
                    y={heights[index]}
                    dy="0.32em"
                    className="tabular fill-muted-foreground text-[11px]"
                  >
                    {`${name} ${formatFigure(seconds, "seconds")}`}
                  </text>
                </g>
              ))}
              {dots.map(({ id, at, seconds, color }) => (
                <circle
                  key={id}
                  cx={x(at)}
                  cy={y(seconds)}
                  r={dots.length > 400 ? 2.5 : 4}
                  fill={color}
                  fillOpacity="0.75"
                  className="stroke-surface"
                />
              ))}
            </svg>
            <ChartCursor
              label={`${label}: tickets`}
              both
              points={dots.map(({ at, seconds }) => ({ x: x(at), y: y(seconds) }))}
              width={width}
              height={height}
              tipOf={tipOf}
              onChosen={onChosen}
              onOpen={onOpen}
            >
              {(index) => {
                const dot = dots[index];
                return (
                  dot && (
                    <circle
                      cx={x(dot.at)}
                      cy={y(dot.seconds)}
                      r="7"
                      fill="none"
                      strokeWidth="2"
                      className="stroke-foreground"
                    />
                  )
                );
              }}
            </ChartCursor>
          </>
        )}
      </div>
      <Legend items={legend} />
    </div>
  );
}
