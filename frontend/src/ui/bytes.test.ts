import { expect, it } from "vitest";
import { formatBytes } from "./bytes";

it("sizes are shown with the unit that fits", () => {
  expect([0, 1, 999, 1_000, 1_260, 999_400, 999_600].map(formatBytes)).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "1.3 kB",
    "999 kB",
    "1 MB",
  ]);
  expect([18_500_000, 123_456_789, 20_000_000_000, 5e18].map(formatBytes)).toEqual([
    "18.5 MB",
    "123 MB",
    "20 GB",
    "5,000 PB",
  ]);
});
