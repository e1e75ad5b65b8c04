/** Moving a card, drawn at once and taken back with the reason when the server refuses. Used by board and ticket page. */
import { useCallback } from "react";
import { Problem, tickets } from "@/api";
import type { Card, Position } from "@/api/types";
import type { LiveClient } from "./client";
import { useLive } from "./context";
import type { BoardState } from "./state/board";

export interface Move {
  card: Card;
  to: string;
  /** The cards between which it is put, as drawn; neither for the end of the column. */
  above?: Card;
  below?: Card;
  comment?: string;
}

export type MoveOutcome =
  | { ok: true }
  | { ok: false; reason: string; blockedBy: readonly string[]; needsComment: boolean };

/** How long an accepted move waits for its own event before the events are asked for. */
const EVENT_PATIENCE_MS = 2_000;

export function useMove(): (move: Move) => Promise<MoveOutcome> {
  const live = useLive();
  return useCallback((move: Move) => runMove(live, move), [live]);
}

async function runMove(live: LiveClient, move: Move): Promise<MoveOutcome> {
  const { card, to } = move;
  const { optimistic } = live;
  optimistic.begin(card, { status: to, ...placeBetween(move) });
  try {
    const blocked = await send(move);
    if (blocked) {
      optimistic.rollBack(card.ticket_id);
      return blocked;
    }
  } catch (error) {
    optimistic.rollBack(card.ticket_id);
    return refusal(error);
  }
  optimistic.confirm(card.ticket_id, live.board(card.workflow_id));
  setTimeout(() => void settle(live, card), EVENT_PATIENCE_MS);
  return { ok: true };
}

async function send({ card, to, above, below, comment }: Move): Promise<MoveOutcome | null> {
  const position = positionOf(above, below);
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
    reason: answer.message || "The move was refused.",
    blockedBy: answer.blocking_ticket_ids ?? [],
    needsComment: false,
  };
}

async function settle(live: LiveClient, card: Card): Promise<void> {
  if (!live.optimistic.waiting(card.ticket_id)) return;
  await live.catchUp(card.workflow_id).catch(() => undefined);
  live.optimistic.rollBack(card.ticket_id);
}

function refusal(error: unknown): MoveOutcome {
  const reason = error instanceof Error ? error.message : "The move did not reach the server.";
  const ids = error instanceof Problem ? error.body.blocking_ticket_ids : undefined;
  const blockedBy = Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string") : [];
  const needsComment = error instanceof Problem && error.fields.some(({ field }) => field === "comment");
  return { ok: false, reason, blockedBy, needsComment };
}

export function positionOf(above: Card | undefined, below: Card | undefined): Position | undefined {
  if (below) return { before: below.ticket_id };
  if (above) return { after: above.ticket_id };
  return undefined;
}

/** Where to draw it until the server names its rank: a neighbour's rank, and a number just past the neighbour's. */
function placeBetween({ card, above, below }: Move): Pick<Card, "rank" | "number"> {
  if (below) return { rank: below.rank, number: below.number - 0.5 };
  if (above) return { rank: above.rank, number: above.number + 0.5 };
  return { rank: card.rank, number: card.number };
}

/** The names a person knows blockers by. */
export function keysOf(board: BoardState | undefined, ids: readonly string[]): string[] {
  return ids.map((id) => board?.cards.get(id)?.key ?? "another ticket");
}
