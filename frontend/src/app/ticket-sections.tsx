import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApprovalsSection } from "@/features/approvals/approvals-section";
import { TicketJobs } from "@/features/jobs/ticket-jobs";
import type { TicketSectionProps } from "@/features/ticket/ticket-drawer";

/** The ticket drawer's approvals and jobs. Features do not import each other, so the app composes them. */
export function useTicketSections(): (props: TicketSectionProps) => ReactNode {
  const navigate = useNavigate();
  return ({ ticket, board, nameOf, editable }) => (
    <>
      <ApprovalsSection about={{ ticket_id: ticket.ticket_id }} />
      <TicketJobs
        ticket={ticket}
        config={board.config}
        nameOf={nameOf}
        editable={editable}
        onOpenJob={(jobId) =>
          void navigate({
            to: "/w/$workflowId/jobs/$jobId",
            params: { workflowId: ticket.workflow_id, jobId },
            search: {},
          })
        }
      />
    </>
  );
}
