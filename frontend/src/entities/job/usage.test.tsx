import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { UsageTotals } from "@/api/types";
import { Usage } from "./usage";

const nothing: UsageTotals = {
  reported: false,
  reports: 0,
  input_tokens: null,
  output_tokens: null,
  cache_read_tokens: null,
  cache_write_tokens: null,
  costs: [],
  reports_without_tokens: 0,
  reports_without_cost: 0,
};
const shown = (usage: Partial<UsageTotals>) =>
  render(<Usage usage={{ ...nothing, reported: true, reports: 2, ...usage }} />).container.textContent;

describe("usage", () => {
  it("that was not reported is missing, not zero", () => {
    expect(shown({ reported: false })).toBe("not reported");
    expect(shown({ input_tokens: 0, output_tokens: null, reports_without_tokens: 2, reports_without_cost: 2 })).toBe(
      "0 in, ? out (no tokens, no cost)",
    );
  });

  it("shows each currency, and where a sum is too low", () => {
    const costs = [
      { currency: "EUR", amount: "0.5" },
      { currency: "USD", amount: "1.25" },
    ];
    expect(shown({ costs, input_tokens: 1200, output_tokens: 80, reports_without_cost: 1 })).toBe(
      "0.5 EUR + 1.25 USD · 1,200 in, 80 out (cost partly reported)",
    );
    expect(shown({ costs: [], input_tokens: 1, output_tokens: 2 })).toBe("1 in, 2 out");
  });
});
