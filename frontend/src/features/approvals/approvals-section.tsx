import { useState } from "react";
import { Button } from "@/ui/button";
import { ApprovalCard } from "./approval-card";
import { useApprovalsOf } from "./use-approvals";

interface Props {
  about: { ticket_id: string } | { job_id: string };
}

const CLOSED_SHOWN = 1;

/** Approvals of one ticket or job: pending ones first, then closed ones. */
export function ApprovalsSection({ about }: Props) {
  const { data } = useApprovalsOf(about);
  const [showAll, setShowAll] = useState(false);
  const approvals = data?.approvals ?? [];
  if (approvals.length === 0) return null;
  const closed = approvals.filter(({ status }) => status !== "pending");
  const shown = [
    ...approvals.filter(({ status }) => status === "pending"),
    ...(showAll ? closed : closed.slice(0, CLOSED_SHOWN)),
  ];
  return (
    <section aria-label="Approvals" className="grid gap-2">
      {shown.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {!showAll && closed.length > CLOSED_SHOWN && (
        <Button variant="ghost" size="sm" className="justify-self-start" onClick={() => setShowAll(true)}>
          Show {closed.length - CLOSED_SHOWN} earlier
        </Button>
      )}
    </section>
  );
}
