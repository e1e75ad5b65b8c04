/** One ticket's page: its data, and changes that show at once and are taken back if the server refuses. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { toast } from "sonner";
import { explain, tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Card, TicketDetail } from "@/api/types";

export function useTicket(ticketId: string) {
  return useQuery({
    queryKey: queryKeys.ticket(ticketId),
    queryFn: ({ signal }) => tickets.get(ticketId, signal),
    staleTime: 5_000,
  });
}

export type TicketChanges = Partial<Card> & { description?: string };

export function useTicketChanges(ticketId: string) {
  const queries = useQueryClient();
  const key = queryKeys.ticket(ticketId);

  /** Runs a request, says why it failed, and reads the ticket again whichever way it went. */
  const run = useCallback(
    async <T>(what: string, request: () => Promise<T>): Promise<T | null> => {
      try {
        return await request();
      } catch (error) {
        toast.error(what, { description: explain(error), duration: 8_000 });
        return null;
      } finally {
        void queries.invalidateQueries({ queryKey: queryKeys.ticket(ticketId) });
      }
    },
    [queries, ticketId],
  );

  const update = useCallback(
    async (changes: TicketChanges): Promise<boolean> => {
      const before = queries.getQueryData<TicketDetail>(key);
      queries.setQueryData<TicketDetail>(key, (old) => old && { ...old, ...changes });
      const done = await run("The ticket was not changed", async () => {
        await tickets.update(ticketId, changes);
        return true;
      });
      if (!done && before) {
        // Only what this change wrote: others may have changed the rest meanwhile.
        const undo = Object.fromEntries(
          Object.keys(changes).map((field) => [field, before[field as keyof TicketDetail]]),
        );
        queries.setQueryData<TicketDetail>(key, (old) => old && { ...old, ...undo });
      }
      return done === true;
    },
    [queries, key, run, ticketId],
  );

  return { run, update };
}
