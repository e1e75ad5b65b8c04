import type { Relation, SimilarTicket } from "@/api/types";
import { cn } from "@/ui/cn";

const NAMES: Record<Relation, string> = { duplicate: "Duplicate?", related: "Related", similar: "Similar" };
const WORDS: Record<Relation, string> = {
  duplicate: "It seems to say the same.",
  related: "It seems to be about the same thing.",
  similar: "It is somewhat alike.",
};

/** Ties that people made between the two, as the other ticket's part in it. */
const LINKS: Record<NonNullable<SimilarTicket["link"]>, string> = {
  parent: "parent",
  child: "sub-ticket",
  blocks: "waits for this",
  blocked_by: "blocks this",
  related: "linked",
};

export function linkWords(link: SimilarTicket["link"]): string | null {
  return link && LINKS[link];
}

/** "92%", as part of a whole. */
export function percent(score: number): string {
  return `${Math.round(Math.min(1, Math.max(0, score)) * 100)}%`;
}

/** How much a ticket is like another, and what that is likely to mean. */
export function Likeness({ ticket }: { ticket: SimilarTicket }) {
  const { relation_type, similarity_score } = ticket;
  const duplicate = relation_type === "duplicate";
  return (
    <span
      className="flex shrink-0 items-center gap-1.5 text-2xs text-muted-foreground"
      title={`${percent(similarity_score)} alike. ${WORDS[relation_type] ?? ""}`}
    >
      <span className={cn("rounded px-1 py-px", duplicate ? "bg-warning-soft font-medium text-warning" : "bg-muted")}>
        {NAMES[relation_type] ?? relation_type}
      </span>
      <span className="tabular min-w-7 text-right">
        <span className="sr-only">alike </span>
        {percent(similarity_score)}
      </span>
    </span>
  );
}
