import { describe, expect, it } from "vitest";
import { cssColor } from "./color";
import { formatDuration, formatTimeAgo } from "./time";

describe("formatting", () => {
  it("formats times", () => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(formatTimeAgo("2026-01-01T23:59:40Z", now)).toBe("just now");
    expect(formatTimeAgo("2026-01-01T21:00:00Z", now)).toMatch(/3.*h/);
    expect([formatDuration(45), formatDuration(60), formatDuration(135)]).toEqual(["45m", "1h", "2h 15m"]);
  });

  it("accepts only hex colors", () => {
    expect([cssColor("#3b82f6"), cssColor("#gray"), cssColor("red;x"), cssColor(null)]).toEqual([
      "#3b82f6",
      "#8b8f98",
      "#8b8f98",
      "#8b8f98",
    ]);
  });
});
