import { describe, expect, it } from "vitest";
import type { Report } from "@/api/reports";
import type { MilestoneProgress } from "@/api/types";
import { fittingLabels, valueAxis } from "./chart/scales";
import { highest, type Series, stacked } from "./chart/series";
import { sumKnown } from "./charts/cost";
import { formatSeconds, formatTick, humanize, periodTitle } from "./formats";
import { headingOf } from "./report-table";
import { periodsOf, pivot, sumOf } from "./rows";
import { chooseMilestone } from "./statistics-page";
import { MAX_DAYS, rangeError, rangeOf, readStatisticsState } from "./statistics-state";

describe("the state in the URL", () => {
  it("keeps what it knows and drops the rest", () => {
    const all = { range: "90d", unit: "week", group: "priority", tz: "Europe/Berlin", milestone: "m-1" };
    expect(readStatisticsState({ ...all, other: "x" })).toEqual(all);
    expect(readStatisticsState({ range: "2y", unit: "hour", group: "x", tz: "Not/A_Zone", milestone: "" })).toEqual({});
  });

  it("takes a range of its own only if it is one", () => {
    const range = { from: "2026-01-05", to: "2026-01-18" };
    expect(readStatisticsState({ ...range, range: "7d" })).toEqual(range);
    for (const wrong of [{ from: "2026-01-18", to: "2026-01-05" }, { from: "2026-01-05" }, { from: "x", to: "y" }]) {
      expect(readStatisticsState(wrong)).toEqual({});
    }
    expect(rangeError("2000-01-01", "2026-01-01")).toMatch(/ten years/);
    expect(MAX_DAYS).toBe(3_660);
  });

  it("means days that include today, in periods that fit them", () => {
    const today = "2026-03-31";
    expect(rangeOf({}, today)).toEqual({ from: "2026-03-02", to: today, preset: "30d", unit: "day" });
    expect(rangeOf({ range: "90d" }, today)).toMatchObject({ from: "2026-01-01", unit: "week" });
    expect(rangeOf({ from: "2025-01-01", to: "2025-12-31" }, today)).toMatchObject({ preset: null, unit: "month" });
    expect(rangeOf({ range: "7d", unit: "month" }, today).unit).toBe("month");
  });
});

describe("figures", () => {
  it("write durations in their two largest units", () => {
    const written = [0, 59, 60, 3_600, 8_100, 86_399, 86_400, 273_600].map(formatSeconds);
    expect(written).toEqual(["0s", "59s", "1m", "1h", "2h 15m", "1d", "1d", "3d 4h"]);
  });

  it("say when a period goes on", () => {
    expect(periodTitle("2026-03-02", "week", "2026-03-04")).toContain("until");
    expect(periodTitle("2026-03-02", "week", "2026-03-08")).not.toContain("until");
    expect(periodTitle("2026-02-01", "month", "2026-02-28")).not.toContain("until");
  });

  it("have names that people read", () => {
    expect(humanize("likely_duplicate")).toBe("Likely duplicate");
    expect(headingOf("lead_p85_seconds", { group: null })).toBe("Lead, 85% within");
    expect(headingOf("group_value", { group: "ticket_type" })).toBe("Type");
  });
});

describe("axes", () => {
  it("count in whole things", () => {
    expect(valueAxis(3, "count")).toEqual({ max: 3, ticks: [0, 1, 2, 3] });
    expect(valueAxis(0, "count")).toEqual({ max: 1, ticks: [0, 1] });
    expect(valueAxis(1, "count").ticks).toEqual([0, 1]);
  });

  it("have round hours and days", () => {
    expect(valueAxis(9.3 * 86_400, "seconds").ticks.map((tick) => formatTick(tick, "seconds"))).toEqual([
      "0s",
      "2d",
      "4d",
      "6d",
      "8d",
      "10d",
    ]);
    expect(valueAxis(5 * 3_600, "seconds").max % 3_600).toBe(0);
  });

  it("leave out labels that would touch", () => {
    const labels = Array.from({ length: 30 }, (_, index) => `${index + 1} Mar`);
    const shown = fittingLabels(labels, 20);
    expect(shown.length).toBeGreaterThan(4);
    for (const [index, at] of shown.entries()) {
      if (index > 0) expect((at - (shown[index - 1] ?? 0)) * 20).toBeGreaterThan(50);
    }
  });
});

describe("series", () => {
  const series = (values: (number | null)[], shape: Series["shape"] = "bar"): Series => ({
    name: "x",
    color: "red",
    shape,
    values,
  });

  it("stack without drawing what is missing", () => {
    const both = [series([1, null]), series([2, 3])];
    expect(stacked(both, 2).map((spans) => spans.map(({ low, high }) => [low, high]))).toEqual([
      [
        [0, 1],
        [0, 0],
      ],
      [
        [1, 3],
        [0, 3],
      ],
    ]);
    expect(highest(both, 2, true)).toBe(3);
    expect(highest([...both, series([9, null], "line")], 2, true)).toBe(9);
  });

  it("read rows of pairs, and leave out what has no row", () => {
    const rows = [
      { day: "a", status: "todo", tickets: 1 },
      { day: "b", status: "done", tickets: 2 },
    ];
    const { xs, of } = pivot(rows, "day", "status", "tickets");
    expect([xs, of("todo"), of("done")]).toEqual([
      ["a", "b"],
      [1, null],
      [null, 2],
    ]);
    expect(sumOf({ rows } as unknown as Report, "tickets")).toBe(3);
  });

  it("have all periods of a range", () => {
    expect(periodsOf("2026-01-07", "2026-01-20", "week")).toEqual(["2026-01-05", "2026-01-12", "2026-01-19"]);
    expect(periodsOf("2026-01-31", "2026-03-01", "month")).toEqual(["2026-01-01", "2026-02-01", "2026-03-01"]);
    expect(periodsOf("2026-02-27", "2026-03-01", "day")).toHaveLength(3);
  });
});

it("adds tokens that were reported, and nothing to what was not", () => {
  expect(sumKnown([null, null])).toBeNull();
  expect(sumKnown([null, 0])).toBe(0);
  expect(sumKnown([2, null, 3])).toBe(5);
});

it("chooses the milestone that is due next", () => {
  const one = (milestone_id: string, due_on: string | null, is_closed = false) =>
    ({ milestone_id, name: milestone_id, due_on, is_closed }) as MilestoneProgress;
  const list = [one("closed", "2026-01-01", true), one("later", "2026-05-01"), one("next", "2026-03-01")];
  expect(chooseMilestone(list, undefined)?.milestone_id).toBe("next");
  expect(chooseMilestone(list, "later")?.milestone_id).toBe("later");
  expect(chooseMilestone(list, "unknown")?.milestone_id).toBe("next");
  expect(chooseMilestone(list.slice(0, 1), undefined)?.milestone_id).toBe("closed");
  expect(chooseMilestone([], "x")).toBeUndefined();
});
