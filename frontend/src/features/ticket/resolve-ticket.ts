/** Resolves a ticket with a comment that says how, and offers to undo it. */
import { tickets } from "@/api";
import type { TicketDetail } from "@/api/types";
import { discardDraft } from "@/ui/drafts";
import { plural } from "@/ui/plural";
import { prompt } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";

const MIN_RESOLUTION_LENGTH = 10;
const UNDO_MS = 10_000;

/** Carries a request out, shows what was refused under a title, and reads the ticket again. Null if it failed. */
export type Run = <T>(what: string, request: () => Promise<T>) => Promise<T | null>;

type Resolvable = Pick<TicketDetail, "ticket_id" | "key" | "status">;

export async function resolveTicket(ticket: Resolvable, run: Run): Promise<void> {
  const { ticket_id, key, status } = ticket;
  const draft = `ticket.${ticket_id}.resolve`;
  const comment = await prompt({
    title: `Resolve ${key}`,
    description: "Tickets blocked by this one are unblocked, and its queued jobs are cancelled.",
    label: "How was it resolved?",
    submit: "Resolve ticket",
    minLength: MIN_RESOLUTION_LENGTH,
    draft,
  });
  if (comment === null) return;
  const answer = await run(`Could not resolve ${key}`, () => tickets.resolve(ticket_id, comment));
  if (!answer) return;
  discardDraft(draft);
  const unblocked = answer.unblocked_tickets.length;
  const undo = { label: "Undo", onClick: () => void reopen(ticket, answer.cancelled_jobs?.length ?? 0, run) };
  toast.success(`${key} resolved${unblocked > 0 ? `, ${unblocked} unblocked` : ""}`, {
    duration: UNDO_MS,
    // A ticket that stayed in its column is reopened by no move.
    ...(answer.status === status ? {} : { action: undo }),
  });
}

async function reopen({ ticket_id, key, status }: Resolvable, cancelled: number, run: Run): Promise<void> {
  const comment = "Reopened: resolving it was undone.";
  const done = await run(`Could not reopen ${key}`, () =>
    tickets.changeStatus({ ticket_id, new_status: status, comment }),
  );
  if (!done) return;
  const jobs = cancelled > 0 && `${plural(cancelled, "cancelled job")} must be queued again if needed.`;
  toast.success(`${key} reopened`, jobs ? { description: jobs } : {});
}
