import { useMemo } from "react";
import type { TicketLinks } from "@/entities/ticket/ticket-links";
import type { BoardState } from "@/live/state/board";

/** Resolves ticket keys in text to links to the board's tickets. */
export function useTicketLinks(board: BoardState | undefined, onOpen: (ticketId: string) => void): TicketLinks | null {
  const cards = board?.cards;
  const workflowId = board?.workflow.id;
  return useMemo(() => {
    if (!cards || !workflowId) return null;
    const ids = new Map([...cards.values()].map((card) => [card.key, card.ticket_id]));
    return {
      href: (key) => (ids.has(key) ? `/w/${workflowId}/t/${ids.get(key)}` : null),
      open: (key) => onOpen(ids.get(key) ?? key),
    };
  }, [cards, workflowId, onOpen]);
}
