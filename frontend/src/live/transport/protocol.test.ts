import { describe, expect, it } from "vitest";
import { event } from "../state/testing";
import { parse } from "./protocol";

describe("parse", () => {
  it("distinguishes events from messages and ignores anything else", () => {
    expect(parse(JSON.stringify(event(1, 1, "x", {})))).toHaveProperty("event.seq", 1);
    expect(parse('{"type":"pong"}')).toEqual({ message: { type: "pong" } });
    for (const invalid of ["", "[]", "null", "{}", '{"type":3}', 7]) expect(parse(invalid)).toBeNull();
  });
});
