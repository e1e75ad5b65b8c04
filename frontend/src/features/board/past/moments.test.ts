import { describe, expect, it } from "vitest";
import {
  addDays,
  clampMoment,
  firstMoment,
  formatMoment,
  fromFieldValue,
  justBefore,
  momentAt,
  parseMoment,
  partOf,
  toFieldValue,
} from "./moments";

/** A time of the browser's time zone, so that the tests pass in all of them. */
const local = (...parts: [number, number, number, number, number, number?]) => {
  const [year, month, day, hour, minute, second = 0] = parts;
  return new Date(year, month - 1, day, hour, minute, second).toISOString();
};

describe("moments", () => {
  it("are written plainly, with seconds only where they matter", () => {
    expect(formatMoment(local(2026, 3, 17, 14, 5))).toBe("17 March 2026, 14:05");
    expect(formatMoment(local(2026, 3, 7, 4, 5, 9))).toBe("7 March 2026, 04:05:09");
  });

  it("are read from URLs", () => {
    expect(parseMoment("2026-03-17T14:05:00Z")).toBe("2026-03-17T14:05:00Z");
    expect(parseMoment("2026-03-17T14:05:00.000250+01:00")).toBe("2026-03-17T13:05:00.00025Z");
    expect(parseMoment("yesterday")).toBeNull();
  });

  it("are kept to the microsecond before an event", () => {
    expect(justBefore("2026-11-30T10:58:26.364591Z")).toBe("2026-11-30T10:58:26.36459Z");
    expect(justBefore("2026-11-30T10:58:26+00:00")).toBe("2026-11-30T10:58:25.999999Z");
    expect(justBefore("2026-11-30T10:00:00.000001Z")).toBe("2026-11-30T10:00:00Z");
  });

  it("begin a day ago, or in the middle of a short life", () => {
    const now = Date.parse("2026-03-17T14:05:30Z");
    expect(firstMoment("2026-01-01T00:00:00Z", now)).toBe("2026-03-16T14:05:00Z");
    expect(firstMoment(undefined, now)).toBe("2026-03-16T14:05:00Z");
    expect(firstMoment("2026-03-17T14:03:30Z", now)).toBe("2026-03-17T14:04:30Z");
  });

  it("step by days of the calendar", () => {
    expect(addDays(local(2026, 2, 28, 9, 30), 1)).toBe(parseMoment(local(2026, 3, 1, 9, 30)));
    expect(addDays(local(2026, 3, 1, 9, 30), -1)).toBe(parseMoment(local(2026, 2, 28, 9, 30)));
  });

  it("stay within the life of the workflow", () => {
    const [first, last] = ["2026-03-01T00:00:00.5Z", "2026-03-02T00:00:00Z"];
    expect(clampMoment("2026-02-01T00:00:00Z", first, last)).toBe(first);
    expect(clampMoment("2027-02-01T00:00:00Z", first, last)).toBe(last);
    expect(clampMoment("2026-03-01T12:00:00Z", first, last)).toBe("2026-03-01T12:00:00Z");
  });

  it("lie on a scale", () => {
    const [first, last] = ["2026-03-01T00:00:30Z", "2026-03-11T00:00:30Z"];
    expect(momentAt(0, first, last)).toBe(first);
    expect(momentAt(0.5, first, last)).toBe("2026-03-06T00:00:00Z");
    expect(momentAt(1, first, last)).toBe("2026-03-11T00:00:00Z");
    expect(partOf("2026-03-06T00:00:30Z", first, last)).toBe(0.5);
    expect(partOf("2027-03-06T00:00:30Z", first, last)).toBe(1);
    expect(partOf(first, first, first)).toBe(1);
  });

  it("fill a field of date and time", () => {
    const at = parseMoment(local(2026, 3, 7, 4, 5)) ?? "";
    expect(toFieldValue(at)).toBe("2026-03-07T04:05");
    expect(fromFieldValue("2026-03-07T04:05")).toBe(at);
    expect(toFieldValue(local(2026, 3, 7, 4, 5, 9))).toBe("2026-03-07T04:05:09");
    expect(fromFieldValue("")).toBeNull();
  });
});
