/** Lines of a diff that can be pointed at, as `path:line`. Pure. */
import type { Cell, Row } from "./rows";

export interface LineTarget {
  path: string;
  /** Its number in the new file, or in the old one if it was removed. */
  line: number;
  side: "new" | "old";
  text: string;
}

export type LineRow = Row & { kind: "line" | "pair" };

export const isLineRow = (row: Row | undefined): row is LineRow => row?.kind === "line" || row?.kind === "pair";

/** What identifies a line of a commit. */
export const keyOfLine = ({ path, side, line }: Pick<LineTarget, "path" | "side" | "line">): string =>
  `${side} ${line} ${path}`;

/** The lines of a row: one, or those of both sides. The line that a comment is about by default is the first. */
export function targetsOf(row: LineRow): LineTarget[] {
  const cells = row.kind === "line" ? [row.cell] : [row.right, row.left === row.right ? null : row.left];
  return cells.flatMap((cell) => (cell ? targetOf(row, cell) : []));
}

function targetOf({ file }: LineRow, { line }: Cell): LineTarget[] {
  const side = line.kind === "removed" ? "old" : "new";
  const number = side === "old" ? line.before : line.after;
  return number === null ? [] : [{ path: file.path, line: number, side, text: line.text }];
}

/** The next row of a line from a place on, in a direction; -1 if there is none. */
export function stepLine(rows: readonly Row[], from: number, by: 1 | -1): number {
  for (let at = from + by; at >= 0 && at < rows.length; at += by) if (isLineRow(rows[at])) return at;
  return -1;
}
