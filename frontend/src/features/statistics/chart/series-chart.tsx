import { scalePoint } from "d3-scale";
import { area, line } from "d3-shape";
import { useRef } from "react";
import { formatFigure, type Kind } from "../formats";
import { BottomLabels, CHART_HEIGHT, MARGIN, ValueLines } from "./axes";
import { ChartCursor, type Tip } from "./cursor";
import { Legend } from "./legend";
import { axisWidth, fittingLabels, labelWidth, valueAxis } from "./scales";
import { highest, onlyStacked, type Series, stacked, sumUp } from "./series";
import { useWidth } from "./use-size";

export interface SeriesPoint {
  /** What the axis says. */
  tick: string;
  /** The point in full. */
  title: string;
  /** What else there is to say about it. */
  note?: string | undefined;
}

interface Props {
  /** The accessible name: what is shown over what. */
  label: string;
  points: readonly SeriesPoint[];
  series: readonly Series[];
  kind: Kind;
  isStacked?: boolean;
  /** What a point without a figure says. */
  missing?: string;
  height?: number;
  format?: (value: number) => string;
}

const MAX_BAR = 26;

/** Bars, lines and areas over points of time. */
export function SeriesChart(props: Props) {
  const { label, points, series, kind, isStacked = false, missing = "none", height = CHART_HEIGHT } = props;
  const format = props.format ?? ((value: number) => formatFigure(value, kind));
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const axis = valueAxis(highest(series, points.length, isStacked), kind);
  const left = axisWidth(axis, kind);
  const bottom = height - MARGIN.bottom;
  const bars = series.filter(({ shape }) => shape === "bar");
  const inner = Math.max(width - left - MARGIN.right, 0);
  // Bars need half of their place at both ends; labels at the ends of lines need some, too.
  const pad = bars.length > 0 ? inner / Math.max(points.length, 1) / 2 : Math.min(14, inner / 4);
  const place = scalePoint(
    points.map((_, index) => index),
    [left + pad, left + inner - pad],
  ).align(0.5);
  const x = (index: number) => place(index) ?? left;
  const y = (value: number) => bottom - (value / axis.max) * (bottom - MARGIN.top);
  const distance = points.length > 1 ? place.step() : inner;
  const ticks = fittingLabels(
    points.map(({ tick }) => tick),
    distance,
  ).filter((index) => x(index) - labelWidth(points[index]?.tick ?? "") / 2 > 0);
  const tipOf = (index: number): Tip => ({
    title: points[index]?.title ?? "",
    note: points[index]?.note,
    rows: tipOrder(series, isStacked).map(({ name, color, values }) => {
      const value = values[index] ?? null;
      return { name, color, value: value === null ? missing : format(value) };
    }),
  });
  return (
    <div className="grid gap-2">
      <div ref={frame} className="relative" style={{ height }}>
        {width > 0 && (
          <>
            <svg width={width} height={height} role="img" aria-label={`${label}. ${sumUp(series, format)}`}>
              <ValueLines axis={axis} kind={kind} y={y} left={left} right={width - MARGIN.right} />
              <BottomLabels
                labels={ticks.map((index) => ({ x: x(index), text: points[index]?.tick ?? "" }))}
                y={height - 6}
                right={width}
              />
              <Areas series={series} points={points.length} x={x} y={y} isStacked={isStacked} />
              <Bars bars={bars} points={points.length} x={x} y={y} distance={distance} isStacked={isStacked} />
              <Lines series={series} x={x} y={y} sparse={points.length <= 40} />
            </svg>
            <ChartCursor
              label={`${label}: values`}
              points={points.map((_, index) => ({ x: x(index), y: MARGIN.top }))}
              width={width}
              height={height}
              tipOf={tipOf}
            >
              {(index) => (
                <line
                  x1={x(index)}
                  x2={x(index)}
                  y1={MARGIN.top}
                  y2={bottom}
                  className="stroke-muted-foreground"
                  strokeDasharray="2 3"
                />
              )}
            </ChartCursor>
          </>
        )}
      </div>
      <Legend
        items={series.map(({ name, color, shape, dashed = false }) => ({
          name,
          color,
          dashed,
          line: shape === "line",
        }))}
      />
    </div>
  );
}

/** As they lie on each other, from above. */
const tipOrder = (series: readonly Series[], isStacked: boolean) => (isStacked ? [...series].reverse() : series);

interface DrawProps {
  points: number;
  x: (index: number) => number;
  y: (value: number) => number;
  isStacked: boolean;
}

function Areas({ series, points, x, y }: DrawProps & { series: readonly Series[] }) {
  const areas = series.filter(({ shape }) => shape === "area");
  if (areas.length === 0) return null;
  const spans = stacked(onlyStacked(series), points);
  const path = area<{ low: number; high: number }>()
    .x((_, index) => x(index))
    .y0(({ low }) => y(low))
    .y1(({ high }) => y(high));
  return areas.map(({ name, color }, index) => (
    <path
      key={name}
      d={path(spans[index] ?? []) ?? ""}
      fill={color}
      fillOpacity="0.82"
      className="stroke-surface"
      strokeWidth="1"
    />
  ));
}

function Bars({ bars, points, x, y, distance, isStacked }: DrawProps & { bars: readonly Series[]; distance: number }) {
  if (bars.length === 0) return null;
  const room = distance * 0.72;
  const each = Math.max(0.6, Math.min(MAX_BAR, isStacked ? room : room / bars.length));
  const spans = isStacked ? stacked(bars, points) : bars.map(({ values }) => values.map((high) => ({ low: 0, high })));
  return bars.map(({ name, color }, series) => (
    <g key={name} fill={color}>
      {(spans[series] ?? []).map(({ low, high }, index) => {
        if (!high || high === low) return null;
        const start = isStacked ? x(index) - each / 2 : x(index) + (series - bars.length / 2) * each;
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a point is its index
            key={index}
            x={start}
            y={y(high)}
            width={Math.max(each - (isStacked || each < 4 ? 0 : 1), 0.6)}
            height={Math.max(y(low) - y(high), 1)}
            rx={each > 6 && !isStacked ? 2 : 0}
          />
        );
      })}
    </g>
  ));
}

interface LinesProps {
  series: readonly Series[];
  x: (index: number) => number;
  y: (value: number) => number;
  /** Whether there is room to mark each figure. */
  sparse: boolean;
}

function Lines({ series, x, y, sparse }: LinesProps) {
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0));
  return series
    .filter(({ shape }) => shape === "line")
    .map(({ name, color, values, dashed }) => (
      <g key={name}>
        <path
          d={path([...values]) ?? ""}
          fill="none"
          stroke={color}
          strokeWidth="2"
          strokeLinejoin="round"
          strokeDasharray={dashed ? "5 4" : undefined}
        />
        {!dashed &&
          values.map((value, index) =>
            value !== null && (sparse || isAlone(values, index)) ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a point is its index
              <circle key={index} cx={x(index)} cy={y(value)} r="2.5" fill={color} />
            ) : null,
          )}
      </g>
    ));
}

/** A figure without neighbors has no line. */
const isAlone = (values: readonly (number | null)[], index: number): boolean =>
  (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
