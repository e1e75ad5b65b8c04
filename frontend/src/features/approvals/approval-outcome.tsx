import type { Approval, ApprovalState } from "@/api/types";
import { cn } from "@/ui/cn";
import { TimeAgo } from "@/ui/time";

const STATES: Record<ApprovalState, { label: string; tone: string }> = {
  pending: { label: "Pending", tone: "text-warning" },
  approved: { label: "Approved", tone: "text-success" },
  rejected: { label: "Rejected", tone: "text-danger" },
  answered: { label: "Answered", tone: "text-success" },
  expired: { label: "Expired", tone: "text-muted-foreground" },
  withdrawn: { label: "Withdrawn", tone: "text-muted-foreground" },
};

/** State of an approval, who decided it, and the answer or reason. */
export function ApprovalOutcome({ approval }: { approval: Approval }) {
  const { label, tone } = STATES[approval.status];
  const response = [approval.answer, approval.reason].filter(Boolean).join("\n");
  return (
    <div className="grid gap-1 text-xs">
      <p className="text-muted-foreground">
        <span className={cn("font-semibold", tone)}>{label}</span>
        {approval.decided_by_name && ` by ${approval.decided_by_name}`}{" "}
        {approval.decided_at && <TimeAgo at={approval.decided_at} />}
      </p>
      {response && <p className="whitespace-pre-wrap border-l-2 pl-2 [overflow-wrap:anywhere]">{response}</p>}
    </div>
  );
}
