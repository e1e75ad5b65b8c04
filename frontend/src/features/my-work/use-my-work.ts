/** The user's tickets of several workflows: the first pages of each, kept up to date by their events. */
import { type QueryClient, useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { tickets, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Card, Column, Workflow } from "@/api/types";
import { useLive, useWatchWorkflows } from "@/live/context";
import { isLogEvent } from "@/live/state/jobs";

const PAGE_SIZE = 50;
/** Limits live subscriptions. Further workflows are read when the page is opened or gets the focus. */
const MAX_LIVE = 50;
/** A page more is loaded per request of the user, up to this many. */
export const MAX_PAGES = 10;

export interface AssignedTickets {
  workflow: Workflow;
  columns: readonly Column[];
  cards: readonly Card[];
  total: number;
  hasMore: boolean;
}

/** The open tickets that are assigned to an actor, in the order of the columns. */
async function loadAssigned(
  queries: QueryClient,
  workflowId: string,
  actorId: string,
  pages: number,
  signal: AbortSignal,
): Promise<AssignedTickets | null> {
  const cards: Card[] = [];
  let cursor: string | undefined;
  let total = 0;
  for (let page = 0; page < pages; page += 1) {
    const answer = await tickets.assigned(workflowId, actorId, PAGE_SIZE, cursor, signal);
    cards.push(...answer.tickets);
    total = answer.total_count;
    cursor = answer.next_cursor ?? undefined;
    if (!cursor) break;
  }
  if (cards.length === 0) return null;
  const workflow = await queries.fetchQuery({
    queryKey: queryKeys.workflow(workflowId),
    queryFn: () => workflows.get(workflowId),
    staleTime: 60_000,
  });
  const columns = (workflow.board_config?.columns ?? []).toSorted((a, b) => a.order - b.order);
  return { workflow, columns, cards, total, hasMore: cursor !== undefined };
}

export function useMyWork(workflowIds: readonly string[], actorId: string, pages: ReadonlyMap<string, number>) {
  const queries = useQueryClient();
  const results = useQueries({
    queries: workflowIds.map((id) => {
      const count = pages.get(id) ?? 1;
      return {
        queryKey: [...queryKeys.myWork(id), actorId, count],
        queryFn: ({ signal }: { signal: AbortSignal }) => loadAssigned(queries, id, actorId, count, signal),
        placeholderData: () =>
          queries.getQueryData<AssignedTickets | null>([...queryKeys.myWork(id), actorId, count - 1]),
        staleTime: 5_000,
      };
    }),
  });
  useWatchWorkflows(workflowIds.slice(0, MAX_LIVE));
  useRefetchOnEvents();
  return results;
}

function useRefetchOnEvents(): void {
  const live = useLive();
  useEffect(
    () =>
      live.onEvents((workflowId, events) => {
        const changed = events.some((event) => (event.ticket_id && !isLogEvent(event)) || event.data.board_config);
        if (changed) live.work.refresh(queryKeys.myWork(workflowId));
      }),
    [live],
  );
}

/** Tickets by column, in the order of the columns; empty columns are left out. */
export function byColumn({ columns, cards }: Pick<AssignedTickets, "columns" | "cards">) {
  const known = columns.map((column) => ({
    id: column.id,
    name: column.name,
    color: column.color,
    cards: cards.filter(({ status }) => status === column.id),
  }));
  const ids = new Set(columns.map(({ id }) => id));
  // A column may have been renamed since the workflow was read.
  const others = [...new Set(cards.map(({ status }) => status))].filter((status) => !ids.has(status));
  const rest = others.map((id) => ({
    id,
    name: id,
    color: null,
    cards: cards.filter(({ status }) => status === id),
  }));
  return [...known, ...rest].filter((column) => column.cards.length > 0);
}
