/** Actions on an open ticket that ask for a text, or can be undone. A text is kept until it was sent. */
import { approvals, tickets } from "@/api";
import type { TicketDetail } from "@/api/types";
import { discardDraft } from "@/ui/drafts";
import { prompt } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";
import type { Run } from "./resolve-ticket";

export function ticketActions(ticket: TicketDetail, run: Run, onClose: () => void) {
  const remove = async () => {
    const done = await run(`Could not delete ${ticket.key}`, async () => {
      await tickets.remove(ticket.ticket_id);
      return true;
    });
    if (!done) return;
    onClose();
    const restore = () =>
      void run(`Could not restore ${ticket.key}`, async () => {
        await tickets.restore(ticket.ticket_id);
        toast.success(`${ticket.key} restored`);
      });
    toast(`${ticket.key} deleted`, { duration: 10_000, action: { label: "Undo", onClick: restore } });
  };
  const requestReview = async () => {
    const draft = `ticket.${ticket.ticket_id}.review`;
    const comment = await prompt({
      title: `Request review of ${ticket.key}`,
      description: "The ticket cannot be moved until another member has reviewed it.",
      label: "What should be reviewed?",
      submit: "Request review",
      draft,
    });
    if (comment === null) return;
    const asked = await run(`Could not request a review of ${ticket.key}`, () =>
      approvals.requestReview(ticket.ticket_id, comment),
    );
    if (!asked) return;
    discardDraft(draft);
    toast.success(`Review of ${ticket.key} requested`);
  };
  return { requestReview, remove };
}
