import { Link } from "@tanstack/react-router";
import { Ban } from "lucide-react";
import { useId } from "react";
import type { Card } from "@/api/types";
import { todayIn } from "@/entities/ticket/due";
import { DueMark } from "@/entities/ticket/due-mark";
import { PriorityIcon } from "@/entities/ticket/priority-icon";
import { Button } from "@/ui/button";
import { cssColor } from "@/ui/color";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { TimeAgo } from "@/ui/time";
import { type AssignedTickets, byColumn } from "./use-my-work";

interface Props {
  name: string;
  work: AssignedTickets;
  canShowMore: boolean;
  loadingMore: boolean;
  onMore: (workflowId: string) => void;
}

/** The user's tickets of one workflow, by column. */
export function WorkflowSection({ name, work, canShowMore, loadingMore, onMore }: Props) {
  const { workflow, cards, total } = work;
  const id = useId();
  const today = todayIn(workflow.time_zone);
  return (
    <section aria-labelledby={id} className="overflow-hidden rounded-xl border bg-surface shadow-card">
      <div className="flex h-10 items-center gap-2 border-b px-4">
        <h2 dir="auto" id={id} className="min-w-0 truncate font-semibold text-sm">
          <Link to="/w/$workflowId" params={{ workflowId: workflow.id }} search={{}} className="hover:underline">
            {name}
          </Link>
        </h2>
        <span className="tabular ml-auto shrink-0 text-muted-foreground text-xs">{plural(total, "ticket")}</span>
      </div>
      {byColumn(work).map((column) => (
        <div key={column.id}>
          <h3 className="flex h-8 items-center gap-2 border-b bg-sunken px-4 font-medium text-muted-foreground text-xs">
            <span className="size-2.5 rounded-full" style={{ backgroundColor: cssColor(column.color) }} />
            {column.name}
            <span className="tabular">{column.cards.length}</span>
          </h3>
          <ul className="divide-y border-b last:border-b-0">
            {column.cards.map((card) => (
              <TicketRow key={card.ticket_id} card={card} today={today} />
            ))}
          </ul>
        </div>
      ))}
      {cards.length < total && (
        <div className="flex items-center justify-between gap-2 border-t px-4 py-2 text-muted-foreground text-xs">
          <span className="tabular">
            {cards.length.toLocaleString(LOCALE)} of {plural(total, "ticket")}
          </span>
          {canShowMore && (
            <Button size="sm" variant="ghost" disabled={loadingMore} onClick={() => onMore(workflow.id)}>
              {loadingMore ? "Loading…" : "Show more"}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}

function TicketRow({ card, today }: { card: Card; today: string }) {
  return (
    <li
      data-ticket={card.ticket_id}
      className="relative flex min-h-10 items-center gap-2.5 px-4 py-1.5 hover:bg-sunken"
    >
      <PriorityIcon priority={card.priority} />
      <span dir="auto" className="tabular w-16 shrink-0 truncate text-muted-foreground text-xs">
        {card.key}
      </span>
      <Link
        to="/w/$workflowId/t/$ticketId"
        params={{ workflowId: card.workflow_id, ticketId: card.ticket_id }}
        search={{}}
        className="min-w-0 flex-1 truncate rounded after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-ring focus-visible:after:-outline-offset-2"
      >
        {card.title}
      </Link>
      {card.is_blocked && (
        <span className="flex shrink-0 items-center gap-1 rounded bg-danger-soft px-1 font-medium text-2xs text-danger">
          <Ban className="size-3" aria-hidden="true" /> Blocked
        </span>
      )}
      <span className="shrink-0 text-2xs text-muted-foreground">
        <DueMark card={card} today={today} />
      </span>
      <span className="hidden w-16 shrink-0 text-right text-2xs text-muted-foreground sm:block">
        <TimeAgo at={card.updated_at} />
      </span>
    </li>
  );
}
