/** How high rows are, so that most need no measuring. */
import type { Mode, Row } from "./model/rows";
import { MAX_SHOWN } from "./shown";

export const LINE_HEIGHT = 20;
export const HEADER_HEIGHT = 40;
const SIMPLE = /^[\x20-\x7e]*$/;

export interface Geometry {
  mode: Mode;
  /** The characters that fit into a line. */
  columns: number;
}

const cellsOf = (row: Row & { kind: "line" | "pair" }) => (row.kind === "line" ? [row.cell] : [row.left, row.right]);

export function estimateHeight(row: Row | undefined, { columns }: Geometry): number {
  switch (row?.kind) {
    case "file":
      return HEADER_HEIGHT;
    case "gap":
    case "note":
      return 32;
    case "end":
      return 16;
    case "message":
      return 80;
    case "line":
    case "pair": {
      const longest = cellsOf(row).reduce(
        (most, cell) => Math.max(most, Math.min(cell?.line.text.length ?? 0, MAX_SHOWN)),
        0,
      );
      return Math.max(1, Math.ceil(longest / columns)) * LINE_HEIGHT;
    }
    default:
      return LINE_HEIGHT;
  }
}

/** Whether a row has to be measured: its text wraps, or its characters are not all of the same width. */
export function needsMeasuring(row: Row, { columns }: Geometry): boolean {
  if (row.kind === "message" || row.kind === "note") return true;
  if (row.kind !== "line" && row.kind !== "pair") return false;
  return cellsOf(row).some((cell) => {
    if (!cell) return false;
    const { text, endsFile, carriageReturn } = cell.line;
    return text.length > columns || endsFile === true || carriageReturn === true || !SIMPLE.test(text);
  });
}
