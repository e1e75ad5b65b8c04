import { LOCALE } from "./locale";

const UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;
const EXACT = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

/** "812 bytes", "1.3 MB", "20 GB"; a kB has 1,000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  let value = bytes / 1_000;
  let unit = 0;
  // What would be rounded to 1,000 is shown in the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${EXACT.format(value >= 100 ? Math.round(value) : value)} ${UNITS[unit]}`;
}
