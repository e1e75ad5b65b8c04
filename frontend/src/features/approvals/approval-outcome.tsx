import type { Approval, ApprovalState } from "@/api/types";
import { cn } from "@/ui/cn";
import { Ago } from "@/ui/time";

const WORDS: Record<ApprovalState, { name: string; tone: string }> = {
  pending: { name: "Waits", tone: "text-warning" },
  approved: { name: "Approved", tone: "text-success" },
  rejected: { name: "Rejected", tone: "text-danger" },
  answered: { name: "Answered", tone: "text-success" },
  expired: { name: "Ran out", tone: "text-muted-foreground" },
  withdrawn: { name: "Taken back", tone: "text-muted-foreground" },
};

/** What became of a question. */
export function Outcome({ approval }: { approval: Approval }) {
  const { name, tone } = WORDS[approval.status];
  const words = [approval.answer, approval.reason].filter(Boolean).join("\n");
  return (
    <div className="grid gap-1 text-xs">
      <p className="text-muted-foreground">
        <span className={cn("font-semibold", tone)}>{name}</span>
        {approval.decided_by_name && ` by ${approval.decided_by_name}`}{" "}
        {approval.decided_at && <Ago at={approval.decided_at} />}
      </p>
      {words && <p className="whitespace-pre-wrap border-l-2 pl-2 [overflow-wrap:anywhere]">{words}</p>}
    </div>
  );
}
