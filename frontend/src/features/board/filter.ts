/** Board filter, kept in the URL so that a view can be shared. */
import type { Card } from "@/api/types";
import { dueState } from "@/entities/ticket/due";
import type { Attentions } from "@/live/state/attention";
import type { BoardState } from "@/live/state/board";

export interface Filter {
  q?: string;
  type?: string;
  priority?: string;
  /** An actor's id, or "none" for unassigned tickets. */
  assignee?: string;
  /** A milestone's id, or "none" for tickets without one. */
  milestone?: string;
  /** "overdue", or "soon" for those and the ones that are nearly due. */
  due?: string;
  /** "attention" for tickets that need it. */
  needs?: string;
}

export const UNASSIGNED = "none";
export const NO_MILESTONE = "none";
export const ATTENTION = "attention";

export function readFilter(search: Record<string, unknown>): Filter {
  const filter: Filter = {};
  for (const field of ["q", "type", "priority", "assignee", "milestone", "due", "needs"] as const) {
    const value = search[field];
    if (typeof value === "string" && value !== "") filter[field] = value;
    else if (typeof value === "number") filter[field] = String(value);
  }
  return filter;
}

export function isFiltering(filter: Filter): boolean {
  return Boolean(
    filter.q || filter.type || filter.priority || filter.assignee || filter.milestone || filter.due || filter.needs,
  );
}

/** Requires every word in the key, title, tags or assignee. What needs attention is not known of the past. */
export function matcher(filter: Filter, today: string, attentions?: Attentions): (card: Card) => boolean {
  const words = (filter.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const { type, priority, assignee, milestone, due, needs } = filter;
  return (card) => {
    if (type && card.ticket_type !== type) return false;
    if (priority && card.priority !== priority) return false;
    if (assignee && (card.assigned_agent_id ?? UNASSIGNED) !== assignee) return false;
    if (milestone && (card.milestone_id ?? NO_MILESTONE) !== milestone) return false;
    if (due) {
      const state = dueState(card, today);
      if (state !== "overdue" && !(due === "soon" && state === "soon")) return false;
    }
    if (needs === ATTENTION && attentions && !attentions.has(card.ticket_id)) return false;
    if (words.length === 0) return true;
    const text = `${card.key} ${card.title} ${card.tags.join(" ")} ${card.assigned_agent_id ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

const NO_TICKETS: readonly string[] = [];

/** The ids each column shows. Without a filter, returns the board's own arrays so that memoized columns keep their props. */
export function visibleOrder(
  board: BoardState,
  filter: Filter,
  today: string,
  attentions?: Attentions,
): ReadonlyMap<string, readonly string[]> {
  const filtering = isFiltering(filter);
  const matches = matcher(filter, today, attentions);
  const shown = new Map<string, readonly string[]>();
  for (const { id } of board.config.columns) {
    const ids = board.order.get(id) ?? NO_TICKETS;
    shown.set(id, filtering ? ids.filter((ticket) => matches(board.cards.get(ticket) as Card)) : ids);
  }
  return shown;
}
