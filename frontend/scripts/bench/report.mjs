// @ts-check
/** The results as one table beside the aims and an earlier run, and as a file. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {{ name: string, unit: string, aim: number | null, value: number }} Row */

/** @param {readonly number[]} values @param {number} part */
export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** @param {readonly number[]} values */
export const median = (values) => percentile(values, 0.5);

/**
 * @param {readonly Row[]} rows
 * @param {readonly Row[] | null} earlier
 * @returns {string}
 */
export function table(rows, earlier) {
  const number = (/** @type {number} */ value) =>
    value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
  const lines = rows.map(({ name, unit, aim, value }) => {
    const before = earlier?.find((row) => row.name === name)?.value;
    return [
      name,
      `${number(value)} ${unit}`.trim(),
      aim === null ? "" : `≤ ${number(aim)}`,
      aim === null ? "" : value <= aim ? "yes" : "no",
      before === undefined ? "" : number(before),
      before === undefined || before === 0 ? "" : `${(value / before).toFixed(2)}×`,
    ];
  });
  const all = [["", "now", "aim", "met", "before", "ratio"], ...lines];
  const widths = all[0]?.map((_, at) => Math.max(...all.map((line) => line[at]?.length ?? 0))) ?? [];
  return all
    .map((line) =>
      line
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * The newest result in a folder.
 * @param {string} folder
 * @returns {Row[] | null}
 */
export function newest(folder) {
  mkdirSync(folder, { recursive: true });
  const last = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .at(-1);
  return last ? read(join(folder, last)) : null;
}

/** @param {string} file @returns {Row[]} */
export const read = (file) => JSON.parse(readFileSync(file, "utf8")).rows;

/** @param {string} folder @param {readonly Row[]} rows */
export function save(folder, rows) {
  const now = new Date().toISOString();
  const file = join(folder, `${now.slice(0, 19).replaceAll(":", "")}Z.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ measured_at: now, rows }, null, 1)}\n`);
  return file;
}
