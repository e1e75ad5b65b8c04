import { ListChecks } from "lucide-react";
import { explain } from "@/api";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { ApprovalCard } from "./approval-card";
import { ApprovalLinks } from "./approval-links";
import { useDecidedApprovals } from "./use-approvals";

/** Closed approvals with their outcome, newest first. */
export function DecidedList() {
  const list = useDecidedApprovals();
  const approvals = list.data?.pages.flatMap((page) => page.approvals) ?? [];
  if (list.isPending) return <Spinner label="Loading decisions…" />;
  if (list.isError && approvals.length === 0) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (approvals.length === 0) {
    return (
      <Empty icon={<ListChecks className="size-6" />} title="No decisions yet">
        Answered, reviewed, expired and withdrawn approvals are listed here.
      </Empty>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {approvals.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} links={<ApprovalLinks approval={approval} />} />
      ))}
      <ShowMore list={list} className="justify-self-center" />
    </div>
  );
}
