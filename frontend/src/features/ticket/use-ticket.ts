/** A ticket's query, and optimistic updates that are rolled back when the server rejects them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { explain, tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Card, TicketDetail } from "@/api/types";
import { toast } from "@/ui/toast";

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

  /** Runs a request, shows its error, and refetches the ticket in both cases. */
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
      const done = await run("Could not update the ticket", async () => {
        await tickets.update(ticketId, changes);
        return true;
      });
      if (!done && before) {
        // Rolls back only the fields of this change, because events may have changed others meanwhile.
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
