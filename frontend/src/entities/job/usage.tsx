import type { UsageTotals } from "@/api/types";

/** Tokens and costs in a few words; what was not reported is said to be missing. */
export function Usage({ usage }: { usage: UsageTotals }) {
  if (!usage.reported) return <span className="text-muted-foreground">not reported</span>;
  const costs = usage.costs.map(({ amount, currency }) => `${amount} ${currency}`);
  const gaps = missing(usage);
  return (
    <span className="tabular [overflow-wrap:anywhere]" title={details(usage)}>
      {[costs.join(" + "), tokens(usage)].filter(Boolean).join(" · ")}
      {gaps && <span className="text-muted-foreground"> ({gaps})</span>}
    </span>
  );
}

const count = (number: number) => number.toLocaleString("en");

function tokens({ input_tokens: input, output_tokens: output }: UsageTotals): string {
  if (input === null && output === null) return "";
  return `${input === null ? "?" : count(input)} in, ${output === null ? "?" : count(output)} out`;
}

/** Where the sums are too low. */
function missing({ reports, reports_without_tokens: tokens, reports_without_cost: cost }: UsageTotals): string {
  const gaps = [
    [tokens, "tokens"],
    [cost, "cost"],
  ] as const;
  const named = gaps.filter(([number]) => number > 0);
  return named.map(([number, what]) => (number === reports ? `no ${what}` : `${what} partly reported`)).join(", ");
}

function details(usage: UsageTotals): string {
  const numbers = [
    ["Input tokens", usage.input_tokens],
    ["Output tokens", usage.output_tokens],
    ["Read from cache", usage.cache_read_tokens],
    ["Written to cache", usage.cache_write_tokens],
  ] as const;
  return numbers.map(([name, number]) => `${name}: ${number === null ? "not reported" : count(number)}`).join("\n");
}
