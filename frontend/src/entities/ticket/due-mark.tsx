import { CalendarClock, Flag } from "lucide-react";
import type { Card, Milestone } from "@/api/types";
import { cn } from "@/ui/cn";
import { type DueState, describeDue, dueState, formatDay } from "./due";

export const DUE_CLASSES: Record<DueState, string> = {
  overdue: "rounded bg-danger-soft px-1 font-medium text-danger",
  soon: "rounded bg-warning-soft px-1 font-medium text-warning",
  later: "",
};

/** The due date of a card: marked when it is near or over. */
export function DueMark({ card, today }: { card: Card; today: string }) {
  const state = dueState(card, today);
  if (!state || !card.due_on) return null;
  const label = describeDue(state, card.due_on, today);
  return (
    <span title={label} className={cn("tabular flex shrink-0 items-center gap-0.5", DUE_CLASSES[state])}>
      <CalendarClock className="size-3" aria-hidden="true" />
      <span className="sr-only">{label}</span>
      <span aria-hidden="true">{formatDay(card.due_on, today)}</span>
    </span>
  );
}

/** The milestone of a card. */
export function MilestoneMark({ milestone }: { milestone: Milestone | undefined }) {
  if (!milestone) return null;
  return (
    <span title={`Milestone ${milestone.name}`} className="flex min-w-0 items-center gap-0.5">
      <Flag className="size-3 shrink-0" aria-hidden="true" />
      <span className="sr-only">Milestone</span>
      <span dir="auto" className="max-w-24 truncate">
        {milestone.name}
      </span>
    </span>
  );
}
