import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useWorkflows } from "@/api/hooks";
import type { Workflow } from "@/api/types";
import { useWatchWorkflows } from "@/live/context";
import { cn } from "@/ui/cn";
import { useTitle } from "@/ui/use-title";
import { DecidedList } from "./decided-list";
import { Invitations } from "./invitations";
import { PendingList } from "./pending-list";
import { usePendingApprovals } from "./use-approvals";

export type InboxTab = "pending" | "decided";

interface Props {
  show: InboxTab;
  /** Approval to select first. */
  focus: string | undefined;
}

/** Limits live subscriptions. Approvals of further workflows arrive with the periodic refetch. */
const MAX_LIVE_WORKFLOWS = 50;

/** Pending and decided approvals of all workflows. */
export function InboxPage({ show, focus }: Props) {
  const { pending } = usePendingApprovals();
  const { data: workflows } = useWorkflows();
  useWatchWorkflows(useMemo(() => newestFirst(workflows ?? []), [workflows]));
  useTitle(pending.length > 0 ? `${pending.length} pending · Approvals` : "Approvals");
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl grid-cols-[minmax(0,1fr)] gap-4 px-4 pt-6 pb-16">
        <div className="flex flex-wrap items-end justify-between gap-2">
          <div>
            <h1 className="font-semibold text-lg tracking-tight">Approvals</h1>
            <p className="text-muted-foreground text-xs">
              Questions and reviews in all your workflows, and invitations to new ones.
            </p>
          </div>
          <nav aria-label="Approvals" className="-ml-2 flex gap-1">
            <Tab to="pending" show={show}>
              Pending {pending.length > 0 && <span className="tabular">{pending.length}</span>}
            </Tab>
            <Tab to="decided" show={show}>
              Decided
            </Tab>
          </nav>
        </div>
        {show === "pending" && <Invitations />}
        {show === "decided" ? <DecidedList /> : <PendingList key={focus} focus={focus} />}
      </div>
    </div>
  );
}

function Tab({ to, show, children }: { to: InboxTab; show: InboxTab; children: React.ReactNode }) {
  return (
    <Link
      to="/approvals"
      search={to === "pending" ? {} : { show: to }}
      aria-current={to === show ? "page" : undefined}
      className={cn(
        "rounded-md px-2 py-1 font-medium",
        to === show ? "bg-muted text-foreground" : "text-muted-foreground hover:text-foreground",
      )}
    >
      {children}
    </Link>
  );
}

function newestFirst(workflows: readonly Workflow[]): string[] {
  return workflows
    .toSorted((a, b) => (a.created_at > b.created_at ? -1 : 1))
    .slice(0, MAX_LIVE_WORKFLOWS)
    .map(({ id }) => id);
}
