/** Axes: round steps for any kind of figure, and which labels fit beside each other. */
import { scaleLinear } from "d3-scale";
import { formatTick, type Kind, stepOf } from "../formats";

export interface ValueAxis {
  max: number;
  ticks: readonly number[];
}

/** An axis from 0 to a round figure that is at least `max`. */
export function valueAxis(max: number, kind: Kind, wanted = 4): ValueAxis {
  if (!(max > 0)) return { max: 1, ticks: kind === "share" ? [0, 0.5, 1] : [0, 1] };
  if (kind === "share" && max > 0.5 && max < 1.001) return { max: 1, ticks: [0, 0.25, 0.5, 0.75, 1] };
  const step = stepOf(max, kind);
  // Less than seconds would have the same label.
  if (kind === "seconds" && max < wanted) return { max: wanted, ticks: [0, 1, 2, 3, 4] };
  const scale = scaleLinear()
    .domain([0, max / step])
    .nice(wanted);
  const top = scale.domain()[1] ?? 1;
  const ticks = scale.ticks(wanted).filter((tick) => kind !== "count" || Number.isInteger(tick));
  return { max: Math.max(top, kind === "count" ? 1 : 0) * step, ticks: ticks.map((tick) => tick * step) };
}

/** The width of a label in pixels, nearly: axes have small tabular digits. */
const CHARACTER = 6.1;
export const labelWidth = (text: string): number => text.length * CHARACTER;

/** The room that the labels of a value axis need. */
export function axisWidth(axis: ValueAxis, kind: Kind): number {
  return Math.ceil(Math.max(...axis.ticks.map((tick) => labelWidth(formatTick(tick, kind))), 12)) + 10;
}

/** A text that fits into a width, shortened if it must be. */
export function fitText(text: string, width: number): string {
  const characters = Math.max(1, Math.floor(width / CHARACTER));
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1)).trimEnd()}…`;
}

/** Which of the labels are drawn: every n-th, so that they stay apart. */
export function fittingLabels(labels: readonly string[], distance: number): number[] {
  const widest = Math.max(0, ...labels.map(labelWidth)) + 14;
  const step = Math.max(1, Math.ceil(widest / Math.max(distance, 0.01)));
  const first = Math.floor(((labels.length - 1) % step) / 2);
  const shown: number[] = [];
  for (let index = first; index < labels.length; index += step) shown.push(index);
  return shown;
}
