/** Moves a card optimistically, and rolls back with the reason when the server rejects the move. */
import { useCallback } from "react";
import { Problem, tickets } from "@/api";
import type { Card, CardPosition } from "@/api/types";
import type { LiveClient } from "./client";
import { useLive } from "./context";
import type { BoardState } from "./state/board";

export interface Move {
  card: Card;
  to: string;
  /** The neighbors of the drop position; neither for the end of the column. */
  above?: Card;
  below?: Card;
  comment?: string;
}

export type MoveOutcome =
  | { ok: true }
  | { ok: false; reason: string; blockedBy: readonly string[]; needsComment: boolean };

/** An accepted move waits this long for its event before the events are fetched. */
const EVENT_TIMEOUT_MS = 2_000;

export function useMove(): (move: Move) => Promise<MoveOutcome> {
  const live = useLive();
  return useCallback((move: Move) => runMove(live, move), [live]);
}

async function runMove(live: LiveClient, move: Move): Promise<MoveOutcome> {
  const { card, to } = move;
  const { optimistic } = live;
  optimistic.begin(card, { status: to, ...provisionalRank(move) });
  try {
    const rejected = await send(move);
    if (rejected) {
      optimistic.rollBack(card.ticket_id);
      return rejected;
    }
  } catch (error) {
    optimistic.rollBack(card.ticket_id);
    return rejection(error);
  }
  optimistic.confirm(card.ticket_id, live.board(card.workflow_id));
  setTimeout(() => void ensureApplied(live, card), EVENT_TIMEOUT_MS);
  return { ok: true };
}

async function send({ card, to, above, below, comment }: Move): Promise<MoveOutcome | null> {
  const position = cardPosition(above, below);
  if (to === card.status) {
    if (position) await tickets.reorder(card.ticket_id, position);
    return null;
  }
  const answer = await tickets.changeStatus({
    ticket_id: card.ticket_id,
    new_status: to,
    ...(comment ? { comment } : {}),
    ...(position ? { position } : {}),
  });
  if (answer.success) return null;
  return {
    ok: false,
    reason: answer.message || "The move was rejected.",
    blockedBy: answer.blocking_ticket_ids ?? [],
    needsComment: false,
  };
}

async function ensureApplied(live: LiveClient, card: Card): Promise<void> {
  if (!live.optimistic.isPending(card.ticket_id)) return;
  await live.catchUp(card.workflow_id).catch(() => undefined);
  live.optimistic.rollBack(card.ticket_id);
}

function rejection(error: unknown): MoveOutcome {
  const reason = error instanceof Error ? error.message : "The move could not be sent.";
  const ids = error instanceof Problem ? error.body.blocking_ticket_ids : undefined;
  const blockedBy = Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string") : [];
  const needsComment = error instanceof Problem && error.fields.some(({ field }) => field === "comment");
  return { ok: false, reason, blockedBy, needsComment };
}

export function cardPosition(above: Card | undefined, below: Card | undefined): CardPosition | undefined {
  if (below) return { before: below.ticket_id };
  if (above) return { after: above.ticket_id };
  return undefined;
}

/** Sorts the card next to its neighbor until the server assigns a rank. */
function provisionalRank({ card, above, below }: Move): Pick<Card, "rank" | "number"> {
  if (below) return { rank: below.rank, number: below.number - 0.5 };
  if (above) return { rank: above.rank, number: above.number + 0.5 };
  return { rank: card.rank, number: card.number };
}

/** The ticket keys (TKT-1) of ids, for messages. */
export function ticketKeys(board: BoardState | undefined, ids: readonly string[]): string[] {
  return ids.map((id) => board?.cards.get(id)?.key ?? "another ticket");
}
