/** Applies events to cached tickets, and refetches what events do not carry, such as the history. */
import type { QueryClient } from "@tanstack/react-query";
import { queryKeys } from "@/api/query-keys";
import type { LiveEvent, TicketDetail } from "@/api/types";
import { DebouncedRefetch } from "./debounced-refetch";
import { isLogEvent } from "./jobs";
import { applyToTicket } from "./ticket";

const REFETCH_DELAY_MS = 250;

export class TicketCache {
  private readonly refetch: DebouncedRefetch;

  constructor(private readonly queries: QueryClient) {
    this.refetch = new DebouncedRefetch(queries, REFETCH_DELAY_MS);
  }

  apply(events: readonly LiveEvent[]): void {
    for (const event of events) {
      if (!event.ticket_id) continue;
      const key = queryKeys.ticket(event.ticket_id);
      const { ticket_usage: usage } = event.data;
      if (usage) this.queries.setQueryData<TicketDetail>(key, (old) => old && { ...old, usage });
      if (isLogEvent(event)) continue;
      if (!this.queries.getQueryState(key)) continue;
      if (event.type !== "ticket_deleted") {
        this.queries.setQueryData<TicketDetail>(key, (old) => old && applyToTicket(old, event));
      }
      this.refetch.schedule(key);
    }
  }
}
