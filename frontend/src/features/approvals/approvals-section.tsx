import { useState } from "react";
import { Button } from "@/ui/button";
import { ApprovalCard } from "./approval-card";
import { useApprovalsOf } from "./use-approvals";

interface Props {
  about: { ticket_id: string } | { job_id: string };
}

const MOST_SETTLED = 1;

/** What was asked about a ticket or in a job: first what waits, then what became of the rest. */
export function AskedHere({ about }: Props) {
  const { data } = useApprovalsOf(about);
  const [all, setAll] = useState(false);
  const asked = data?.approvals ?? [];
  if (asked.length === 0) return null;
  const settled = asked.filter(({ status }) => status !== "pending");
  const shown = [
    ...asked.filter(({ status }) => status === "pending"),
    ...(all ? settled : settled.slice(0, MOST_SETTLED)),
  ];
  return (
    <section aria-label="Approvals" className="grid gap-2">
      {shown.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {!all && settled.length > MOST_SETTLED && (
        <Button variant="ghost" size="sm" className="justify-self-start" onClick={() => setAll(true)}>
          Show {settled.length - MOST_SETTLED} earlier
        </Button>
      )}
    </section>
  );
}
