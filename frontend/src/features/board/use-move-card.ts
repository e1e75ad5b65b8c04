/** Moves a card: prompts for a comment when the board requires one, and shows why a move was refused. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { explain, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { BoardConfig, Card } from "@/api/types";
import { useLive } from "@/live/context";
import { type Move, type MoveOutcome, ticketKeys, useMove } from "@/live/move-card";
import type { BoardState } from "@/live/state/board";
import { announce } from "@/ui/announcer";
import { discardDraft } from "@/ui/drafts";
import { prompt } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";

const MIN_COMMENT_LENGTH = 10;

/** Resolves to whether the card was moved. */
export type MoveCard = (card: Card, to: string, above?: Card, below?: Card) => Promise<boolean>;

export function useMoveCard(workflowId: string, open: (ticketId: string) => void): MoveCard {
  const move = useMove();
  const live = useLive();
  const queries = useQueryClient();
  return useCallback(
    async (card, to, above, below) => {
      const config = live.board(workflowId)?.config ?? (await fetchConfig(queries, workflowId));
      if (!config) return false;
      const column = config.columns.find(({ id }) => id === to)?.name ?? to;
      const request: Move = { card, to, above, below };
      if (to !== card.status && config.settings.require_comments_on_status_change) {
        const comment = await askForComment(card, column);
        if (comment === null) return false;
        request.comment = comment;
      }
      let outcome = await move(request);
      if (!outcome.ok && outcome.needsComment) {
        const comment = await askForComment(card, column);
        if (comment === null) return false;
        request.comment = comment;
        outcome = await move(request);
      }
      if (outcome.ok && request.comment !== undefined) discardDraft(draftOf(card));
      if (outcome.ok) announce(`${card.key} moved to ${column}.`);
      else showRefusal(card, column, outcome, live.board(card.workflow_id), open);
      return outcome.ok;
    },
    [workflowId, move, live, queries, open],
  );
}

/** The configuration of a board that is not open; null if it cannot be read, which is shown. */
async function fetchConfig(queries: QueryClient, workflowId: string): Promise<BoardConfig | null> {
  try {
    const queryKey = queryKeys.workflow(workflowId);
    const queryFn = () => workflows.get(workflowId);
    return (
      (await queries.fetchQuery({ queryKey, queryFn, staleTime: 60_000, networkMode: "always" })).board_config ?? null
    );
  } catch (error) {
    toast.error("Could not move the ticket", { description: explain(error) });
    return null;
  }
}

/** The place at which the comment of a move is kept until the card was moved. */
const draftOf = (card: Card) => `ticket.${card.ticket_id}.move`;

function askForComment(card: Card, column: string): Promise<string | null> {
  return prompt({
    title: `Move ${card.key} to ${column}`,
    description: "This board requires a comment on every status change.",
    label: "What changed?",
    submit: "Move ticket",
    minLength: MIN_COMMENT_LENGTH,
    draft: draftOf(card),
  });
}

function showRefusal(
  card: Card,
  column: string,
  outcome: Extract<MoveOutcome, { ok: false }>,
  board: BoardState | undefined,
  open: (ticketId: string) => void,
): void {
  const [first] = outcome.blockedBy;
  const blockers = ticketKeys(board, outcome.blockedBy);
  const title = first ? `${card.key} is blocked by ${blockers.join(", ")}` : `Could not move ${card.key} to ${column}`;
  toast.error(title, {
    description: first ? "Resolve the blocking ticket first, or remove the blocker." : outcome.reason,
    duration: 8_000,
    action: first ? { label: `Open ${blockers[0]}`, onClick: () => open(first) } : undefined,
  });
  announce(`${title}. ${outcome.reason}`);
}
