import { Link } from "@tanstack/react-router";
import { useWorkflows } from "@/api/hooks";
import type { Approval } from "@/api/types";

const linkClass = "rounded text-accent-foreground hover:underline";

/** Links to an approval's ticket, job and workflow. */
export function ApprovalLinks({ approval }: { approval: Approval }) {
  const { workflow_id: workflowId, ticket_id: ticketId, job_id: jobId } = approval;
  const workflowName = useWorkflows().data?.find(({ id }) => id === workflowId)?.name;
  return (
    <>
      {ticketId && (
        <Link
          to="/w/$workflowId/t/$ticketId"
          params={{ workflowId, ticketId }}
          search={{}}
          className={`${linkClass} tabular`}
          title={approval.ticket_title ?? undefined}
        >
          {approval.ticket_key}
        </Link>
      )}
      {jobId && (
        <Link to="/w/$workflowId/jobs/$jobId" params={{ workflowId, jobId }} search={{}} className={linkClass}>
          Job
        </Link>
      )}
      {workflowName && (
        <Link to="/w/$workflowId" params={{ workflowId }} search={{}} className={`${linkClass} max-w-48 truncate`}>
          {workflowName}
        </Link>
      )}
    </>
  );
}
