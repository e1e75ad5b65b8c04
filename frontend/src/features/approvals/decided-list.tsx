import { ListChecks } from "lucide-react";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { Empty, Notice, Spinner } from "@/ui/states";
import { ApprovalCard } from "./approval-card";
import { ApprovalLinks } from "./approval-links";
import { useDecidedApprovals } from "./use-approvals";

/** What was asked and is settled, the newest question first: who decided, and in which words. */
export function DecidedList() {
  const list = useDecidedApprovals();
  const approvals = list.data?.pages.flatMap((page) => page.approvals) ?? [];
  if (list.isPending) return <Spinner label="Loading what was decided…" />;
  if (list.isError && approvals.length === 0) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (approvals.length === 0) {
    return (
      <Empty icon={<ListChecks className="size-6" />} title="Nothing was decided yet">
        Answers, reviews, and questions that ran out or were taken back stand here afterwards.
      </Empty>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {approvals.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} links={<ApprovalLinks approval={approval} />} />
      ))}
      {list.hasNextPage && (
        <Button
          variant="ghost"
          className="justify-self-center"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {list.isFetchingNextPage ? "Loading…" : "Show more"}
        </Button>
      )}
    </div>
  );
}
