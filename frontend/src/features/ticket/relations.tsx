import { Check, Plus, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { tickets } from "@/api";
import type { TicketDetail, TicketRef } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { cn } from "@/ui/cn";
import { RelatedTickets } from "./related-tickets";
import { TicketPicker } from "./ticket-picker";
import type { TicketChanges } from "./use-ticket";

interface Props {
  ticket: TicketDetail;
  board: BoardState;
  editable: boolean;
  update: (changes: TicketChanges) => Promise<boolean>;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
  onOpen: (ticketId: string) => void;
}

type Picking = "blocker" | "parent" | null;

export function Relations({ ticket, board, editable, update, run, onOpen }: Props) {
  const [picking, setPicking] = useState<Picking>(null);
  const setBlockers = (ids: string[]) =>
    void run("Could not update the blockers", () => tickets.setBlockers(ticket.ticket_id, ids));
  const refOf = (id: string): TicketRef | null => {
    const card = board.cards.get(id);
    return card ? { ...card } : null;
  };
  const blockedBy = ticket.blocked_by ?? [];
  const parent = ticket.parent_ticket ?? (ticket.parent_ticket_id ? refOf(ticket.parent_ticket_id) : null);
  const statusName = (id: string) => board.config.columns.find((column) => column.id === id)?.name ?? id;
  const row = { onOpen, statusName };
  const pick = (id: string) => {
    if (picking === "blocker") setBlockers([...blockedBy.map((ref) => ref.ticket_id), id]);
    if (picking === "parent") void update({ parent_ticket_id: id });
    setPicking(null);
  };

  return (
    <>
      <Group
        title="Blocked by"
        add={editable ? { label: "Add blocker", onClick: () => setPicking("blocker") } : undefined}
        empty={blockedBy.length === 0}
      >
        {blockedBy.map((ref) => (
          <Ref
            key={ref.ticket_id}
            ticket={ref}
            {...row}
            onRemove={
              editable
                ? () => setBlockers(blockedBy.filter((other) => other !== ref).map((other) => other.ticket_id))
                : undefined
            }
          />
        ))}
      </Group>
      {(ticket.resolved_blockers ?? []).length > 0 && (
        <Group title="Was blocked by">
          {ticket.resolved_blockers?.map((ref) => (
            <Ref key={ref.ticket_id} ticket={ref} {...row} />
          ))}
        </Group>
      )}
      {(ticket.blocks ?? []).length > 0 && (
        <Group title="Blocks">
          {ticket.blocks.map((ref) => (
            <Ref key={ref.ticket_id} ticket={ref} {...row} />
          ))}
        </Group>
      )}
      <Group
        title="Parent"
        add={editable && !parent ? { label: "Set parent", onClick: () => setPicking("parent") } : undefined}
        empty={!parent}
      >
        {parent && (
          <Ref
            ticket={parent}
            {...row}
            onRemove={editable ? () => void update({ parent_ticket_id: null }) : undefined}
          />
        )}
      </Group>
      {(ticket.sub_tickets ?? []).length > 0 && (
        <Group title="Sub-tickets">
          {ticket.sub_tickets.map((ref) => (
            <Ref key={ref.ticket_id} ticket={ref} {...row} />
          ))}
        </Group>
      )}
      {(ticket.duplicates ?? []).length > 0 && (
        <Group title="Duplicates">
          {ticket.duplicates.map((ref) => (
            <Ref key={ref.ticket_id} ticket={ref} {...row} />
          ))}
        </Group>
      )}
      <RelatedTickets ticket={ticket} onOpen={onOpen} />
      <TicketPicker
        title={picking === "parent" ? `Set parent of ${ticket.key}` : `Add blocker of ${ticket.key}`}
        open={picking !== null}
        board={board}
        exclude={new Set([ticket.ticket_id, ...blockedBy.map((ref) => ref.ticket_id)])}
        onPick={pick}
        onClose={() => setPicking(null)}
      />
    </>
  );
}

interface GroupProps {
  title: string;
  add?: { label: string; onClick: () => void };
  empty?: boolean;
  children: ReactNode;
}

function Group({ title, add, empty, children }: GroupProps) {
  return (
    <section aria-label={title} className="mt-4">
      <div className="mb-1 flex h-6 items-center justify-between">
        <h3 className="font-semibold text-muted-foreground text-xs">{title}</h3>
        {add && (
          <button
            type="button"
            aria-label={add.label}
            onClick={add.onClick}
            className="grid size-6 place-items-center rounded-md text-muted-foreground hover:bg-muted"
          >
            <Plus className="size-3.5" />
          </button>
        )}
      </div>
      {empty ? (
        <p className="text-muted-foreground text-xs">None</p>
      ) : (
        <ul className="grid grid-cols-1 gap-0.5">{children}</ul>
      )}
    </section>
  );
}

interface RefProps {
  ticket: TicketRef;
  statusName: (id: string) => string;
  onOpen: (ticketId: string) => void;
  onRemove?: () => void;
}

function Ref({ ticket, statusName, onOpen, onRemove }: RefProps) {
  return (
    <li className="group -mx-1.5 flex items-center rounded-md hover:bg-muted">
      <button
        type="button"
        onClick={() => onOpen(ticket.ticket_id)}
        className="flex min-w-0 flex-1 items-center gap-1.5 px-1.5 py-1 text-left text-xs"
        title={`${ticket.title} (${ticket.deleted ? "deleted" : statusName(ticket.status)})`}
        disabled={ticket.deleted}
      >
        {ticket.is_resolved && <Check className="size-3.5 shrink-0 text-success" aria-label="Resolved" />}
        <span className="tabular shrink-0 text-muted-foreground">{ticket.key}</span>
        <span
          className={cn("truncate", (ticket.is_resolved || ticket.deleted) && "text-muted-foreground line-through")}
        >
          {ticket.title}
        </span>
        {ticket.deleted && <span className="shrink-0 text-muted-foreground">deleted</span>}
      </button>
      {onRemove && (
        <button
          type="button"
          aria-label={`Remove ${ticket.key}`}
          onClick={onRemove}
          className="mr-1 grid size-5 shrink-0 place-items-center rounded text-muted-foreground opacity-0 hover:bg-border focus-visible:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
        >
          <X className="size-3" />
        </button>
      )}
    </li>
  );
}
