import { expect, it } from "vitest";
import { initials } from "./avatar";

it("initials are the first letters of two words, or of one", () => {
  expect([initials("Ada Lovelace"), initials("builder"), initials("agent-x9"), initials("")]).toEqual([
    "AL",
    "BU",
    "AX",
    "?",
  ]);
});
