/** Series of figures over the same points, and how they are stacked. */

export interface Series {
  name: string;
  color: string;
  /** One for each point; null where there is none, which is not 0. */
  values: readonly (number | null)[];
  shape: "bar" | "line" | "area";
  dashed?: boolean;
}

export interface Span {
  low: number;
  high: number;
}

/** Each series of a shape on top of those before it. A missing figure has no height. */
export function stacked(series: readonly Series[], points: number): Span[][] {
  const sums = new Array<number>(points).fill(0);
  return series.map(({ values }) =>
    Array.from({ length: points }, (_, index) => {
      const low = sums[index] ?? 0;
      const high = low + (values[index] ?? 0);
      sums[index] = high;
      return { low, high };
    }),
  );
}

/** The highest figure that is drawn. */
export function highest(series: readonly Series[], points: number, isStacked: boolean): number {
  const onTop = isStacked ? stacked(onlyStacked(series), points).at(-1) : undefined;
  const alone = series.filter(({ shape }) => !isStacked || shape === "line").flatMap(({ values }) => values);
  return Math.max(0, ...alone.map((value) => value ?? 0), ...(onTop ?? []).map(({ high }) => high));
}

export const onlyStacked = (series: readonly Series[]): Series[] => series.filter(({ shape }) => shape !== "line");

/** "Created 12, completed 9": what a chart shows, for those who do not see it. */
export function sumUp(series: readonly Series[], format: (value: number) => string): string {
  return series
    .map(({ name, values }) => {
      const last = values.filter((value) => value !== null).at(-1);
      return `${name}: ${last === undefined ? "nothing" : `last ${format(last)}`}`;
    })
    .join("; ");
}
