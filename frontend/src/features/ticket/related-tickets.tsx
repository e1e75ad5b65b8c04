import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { search } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SimilarTicket, TicketDetail, TicketRef } from "@/api/types";
import { describeLink, SimilarityBadge } from "@/entities/ticket/similarity-badge";
import { cn } from "@/ui/cn";

interface Props {
  ticket: TicketDetail;
  onOpen: (ticketId: string) => void;
}

const MAX_RELATED = 5;

export function useRelated(ticketId: string) {
  return useQuery({
    queryKey: queryKeys.related(ticketId),
    queryFn: ({ signal }) => search.related(ticketId, MAX_RELATED, signal),
    staleTime: 30_000,
    retry: false,
  });
}

/** Linked tickets and similar ones. */
export function RelatedTickets({ ticket, onOpen }: Props) {
  const { data } = useRelated(ticket.ticket_id);
  const found = data?.related ?? [];
  const listed = new Set(found.map(({ ticket_id }) => ticket_id));
  const linked = ticket.related_tickets.filter(({ ticket_id }) => !listed.has(ticket_id));
  if (found.length === 0 && linked.length === 0) return null;
  return (
    <section aria-label="Related" className="mt-4">
      <h3 className="mb-1 flex h-6 items-center font-semibold text-muted-foreground text-xs">Related</h3>
      <ul className="grid grid-cols-1 gap-0.5">
        {linked.map((other) => (
          <Row key={other.ticket_id} ticket={other} link="related" onOpen={onOpen} />
        ))}
        {found.map((other) => (
          <Row key={other.ticket_id} ticket={other} link={other.link} similar={other} onOpen={onOpen} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  ticket: Omit<TicketRef, "status">;
  link: SimilarTicket["link"];
  similar?: SimilarTicket;
  onOpen: (ticketId: string) => void;
}

function Row({ ticket, link, similar, onOpen }: RowProps) {
  const linkLabel = describeLink(link);
  return (
    <li className="-mx-1.5 rounded-md hover:bg-muted">
      <button
        type="button"
        onClick={() => onOpen(ticket.ticket_id)}
        title={ticket.title}
        className="grid w-full grid-cols-[minmax(0,1fr)_auto] items-center gap-x-1.5 px-1.5 py-1 text-left text-xs"
      >
        <span className="flex min-w-0 items-center gap-1.5">
          {ticket.is_resolved && <Check className="size-3.5 shrink-0 text-success" aria-label="Resolved" />}
          <span className="tabular shrink-0 text-muted-foreground">{ticket.key}</span>
          {linkLabel && (
            <span className="shrink-0 rounded bg-accent px-1 text-2xs text-accent-foreground">{linkLabel}</span>
          )}
        </span>
        {similar && <SimilarityBadge ticket={similar} />}
        <span className={cn("col-span-2 truncate", ticket.is_resolved && "text-muted-foreground")}>{ticket.title}</span>
      </button>
    </li>
  );
}
