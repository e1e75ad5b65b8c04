import { expect, it } from "vitest";
import { contentLength } from "./content-length";

it("counts what shows and the blanks between, and wide characters as three", () => {
  expect(contentLength("  Fix it\n")).toBe(6);
  expect(contentLength("登录")).toBe(6);
  expect(contentLength("\u3164\u200d\u202e\u00ad\u2800 \u{e0041}")).toBe(0);
  expect(contentLength("e\u0301")).toBe(1);
});
