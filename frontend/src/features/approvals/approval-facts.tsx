import { Bot, CircleAlert, Hourglass, ListChecks } from "lucide-react";
import type { Approval } from "@/api/types";
import { summarizeChecks } from "@/entities/approval/reported-checks";
import { formatUpcoming, TimeAgo } from "@/ui/time";

/** Who asked when, and while it waits, whether it blocks the job and until when it can be decided. */
export function ApprovalFacts({ approval, asker }: { approval: Approval; asker: string }) {
  const isPending = approval.status === "pending";
  const checks = summarizeChecks(approval.checks);
  return (
    <>
      <span>
        {asker} asked <TimeAgo at={approval.created_at} />
      </span>
      {checks && (
        <span className={checks.failed ? "flex items-center gap-1 text-danger" : "flex items-center gap-1"}>
          {checks.failed ? (
            <CircleAlert className="size-3" aria-hidden="true" />
          ) : (
            <ListChecks className="size-3" aria-hidden="true" />
          )}{" "}
          {checks.text}
        </span>
      )}
      {isPending && approval.blocks_job && (
        <span className="flex items-center gap-1 text-warning">
          <Bot className="size-3" aria-hidden="true" /> Blocks the job
        </span>
      )}
      {isPending && approval.expires_at && (
        <span className="flex items-center gap-1">
          <Hourglass className="size-3" aria-hidden="true" /> expires {formatUpcoming(approval.expires_at)}
        </span>
      )}
    </>
  );
}
