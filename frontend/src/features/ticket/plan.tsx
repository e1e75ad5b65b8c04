import type { Milestone, TicketDetail } from "@/api/types";
import { describeDue, dueState, formatDay } from "@/entities/ticket/due";
import { DUE_CLASSES } from "@/entities/ticket/due-mark";
import { cn } from "@/ui/cn";
import { isEnter } from "@/ui/enter-key";
import { Input, NativeSelect, quietClass } from "@/ui/field";
import { unsavedClass, unsavedProps, useKeptField } from "./use-kept-field";

interface DueProps {
  ticket: TicketDetail;
  today: string;
  editable: boolean;
  onSave: (due_on: string | null) => Promise<boolean>;
}

/** The due date: saved when the field is left, because browsers report every digit of a year that is typed. */
export function DueDate({ ticket, today, editable, onSave }: DueProps) {
  const place = `ticket.${ticket.ticket_id}.due`;
  const field = useKeptField({ place, saved: ticket.due_on ?? "", parse: parseDay, onSave });
  const state = dueState(ticket, today);
  return (
    <span className="flex min-w-0 items-center gap-1">
      <Input
        type="date"
        aria-label="Due date"
        className={cn(quietClass, "h-8", field.value === "" && "text-muted-foreground", unsavedClass(field))}
        min="1900-01-01"
        max="9999-12-31"
        value={field.value}
        disabled={!editable}
        onChange={(event) => field.set(event.target.value)}
        onBlur={field.save}
        onKeyDown={(event) => {
          if (isEnter(event)) field.save();
        }}
        {...unsavedProps(field, "a day from 1900 on")}
      />
      {state && state !== "later" && ticket.due_on && (
        <span className={cn("shrink-0 text-2xs", DUE_CLASSES[state])} title={describeDue(state, ticket.due_on, today)}>
          {state === "overdue" ? "Overdue" : ticket.due_on === today ? "Today" : "Soon"}
        </span>
      )}
    </span>
  );
}

const parseDay = (text: string) => (text === "" ? null : text >= "1900-01-01" ? text : undefined);

interface MilestoneProps {
  ticket: TicketDetail;
  milestones: ReadonlyMap<string, Milestone>;
  today: string;
  editable: boolean;
  onSave: (milestone_id: string | null) => void;
}

/** The milestone: open ones, those that are due first, and the one that the ticket is in. */
export function MilestoneChoice({ ticket, milestones, today, editable, onSave }: MilestoneProps) {
  const choices = byDueDay(milestones).filter((one) => !one.is_closed || one.milestone_id === ticket.milestone_id);
  return (
    <NativeSelect
      quiet
      aria-label="Milestone"
      value={ticket.milestone_id ?? ""}
      disabled={!editable}
      onChange={(event) => onSave(event.target.value || null)}
    >
      <option value="">None</option>
      {choices.map(({ milestone_id, name, due_on, is_closed }) => (
        <option key={milestone_id} value={milestone_id}>
          {name}
          {is_closed ? " (closed)" : due_on ? ` – ${formatDay(due_on, today)}` : ""}
        </option>
      ))}
    </NativeSelect>
  );
}

/** Milestones in the order in which they are due, then by name. */
function byDueDay(milestones: ReadonlyMap<string, Milestone>): Milestone[] {
  const key = ({ due_on, name }: Milestone) => `${due_on ?? "9999-99-99"} ${name.toLowerCase()}`;
  return [...milestones.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
