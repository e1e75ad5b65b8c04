import { Link } from "@tanstack/react-router";
import type { Ref } from "react";
import type { Approval, TicketDetail } from "@/api/types";
import { RichText } from "@/entities/ticket/rich-text";
import { VisibleText } from "@/ui/invisible";
import { ApprovalFacts } from "../approval-facts";
import { KIND_LABELS } from "../kinds";
import { Summary } from "./summary";

interface Props {
  approval: Approval;
  asker: string;
  ticket: TicketDetail | undefined;
  heading: Ref<HTMLHeadingElement>;
}

/** What is asked, by whom, about what, and until when. */
export function ReviewRequest({ approval, asker, ticket, heading }: Props) {
  const { workflow_id: workflowId, ticket_id: ticketId } = approval;
  const { name, icon: Icon } = KIND_LABELS[approval.kind];
  return (
    <section aria-label="Request" className="grid gap-2.5">
      {ticketId && (
        <p className="flex min-w-0 gap-2 text-xs">
          <Link
            to="/w/$workflowId/t/$ticketId"
            params={{ workflowId, ticketId }}
            search={{}}
            className="tabular shrink-0 rounded font-medium text-accent-foreground hover:underline"
          >
            {approval.ticket_key}
          </Link>
          <span className="min-w-0 truncate">
            <VisibleText text={ticket?.title ?? approval.ticket_title ?? ""} />
          </span>
        </p>
      )}
      <h1
        ref={heading}
        tabIndex={-1}
        className="whitespace-pre-wrap font-semibold text-base leading-snug outline-none [overflow-wrap:anywhere]"
      >
        <VisibleText text={approval.question} />
      </h1>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted-foreground text-xs">
        <span className="flex items-center gap-1">
          <Icon className="size-3.5" aria-hidden="true" /> {name}
        </span>
        <ApprovalFacts approval={approval} asker={asker} />
      </p>
      {approval.context && (
        <div className="rounded-md bg-sunken px-3 py-2">
          <RichText text={approval.context} />
        </div>
      )}
      {ticket?.description && (
        <details className="group rounded-md border bg-surface px-3 py-1.5 text-xs">
          <Summary>Description of the ticket</Summary>
          <div className="scroll-thin max-h-72 overflow-y-auto pb-1">
            <RichText text={ticket.description} />
          </div>
        </details>
      )}
    </section>
  );
}
