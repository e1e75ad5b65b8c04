import type { Relation, SimilarTicket } from "@/api/types";
import { cn } from "@/ui/cn";

const LABELS: Record<Relation, string> = { duplicate: "Duplicate?", related: "Related", similar: "Similar" };
const HINTS: Record<Relation, string> = {
  duplicate: "Probably the same issue.",
  related: "Probably about the same topic.",
  similar: "Somewhat similar.",
};

/** An explicit link between the two tickets, as the role of the other one. */
const LINK_LABELS: Record<NonNullable<SimilarTicket["link"]>, string> = {
  parent: "parent",
  child: "sub-ticket",
  blocks: "blocked by this",
  blocked_by: "blocks this",
  related: "linked",
};

export function describeLink(link: SimilarTicket["link"]): string | null {
  return link && LINK_LABELS[link];
}

/** A score from 0 to 1 as "92%". */
export function formatPercent(score: number): string {
  return `${Math.round(Math.min(1, Math.max(0, score)) * 100)}%`;
}

/** The similarity of a ticket to another one, and the likely relation. */
export function SimilarityBadge({ ticket }: { ticket: SimilarTicket }) {
  const { relation_type, similarity_score } = ticket;
  const duplicate = relation_type === "duplicate";
  return (
    <span
      className="flex shrink-0 items-center gap-1.5 text-2xs text-muted-foreground"
      title={`${formatPercent(similarity_score)} similar. ${HINTS[relation_type] ?? ""}`}
    >
      <span className={cn("rounded px-1 py-px", duplicate ? "bg-warning-soft font-medium text-warning" : "bg-muted")}>
        {LABELS[relation_type] ?? relation_type}
      </span>
      <span className="tabular min-w-7 text-right">
        <span className="sr-only">similarity </span>
        {formatPercent(similarity_score)}
      </span>
    </span>
  );
}
