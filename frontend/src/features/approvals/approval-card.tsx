import { Bot, CircleHelp, Eye, Hourglass, type LucideIcon, MessageCircleQuestion } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useMe } from "@/api/hooks";
import type { Approval, ApprovalKind } from "@/api/types";
import { RichText } from "@/entities/ticket/rich-text";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { ApprovalOutcome } from "./approval-outcome";
import { toastId } from "./approval-toasts";
import { DecisionForm } from "./decision-form";
import { useCanDecide } from "./use-approvals";

interface Props {
  approval: Approval;
  /** Links to the ticket, job and workflow, for lists that mix them. */
  links?: ReactNode;
  /** Target of the keyboard shortcuts. */
  current?: boolean;
}

const KIND_LABELS: Record<ApprovalKind, { name: string; icon: LucideIcon }> = {
  question: { name: "Question", icon: MessageCircleQuestion },
  review: { name: "Review", icon: Eye },
  clarification: { name: "Clarification", icon: CircleHelp },
};

/** An approval with the form to decide it, or its outcome once it is closed. */
export function ApprovalCard({ approval, links, current }: Props) {
  const me = useMe()?.id;
  const canDecide = useCanDecide();
  const { name, icon: Icon } = KIND_LABELS[approval.kind];
  const isPending = approval.status === "pending";
  // A toast for an approval that is already on screen is noise.
  useEffect(() => {
    if (isPending) toast.dismiss(toastId(approval.id));
  }, [isPending, approval.id]);
  const asker = approval.asked_by === me ? "You" : (approval.asked_by_name ?? "Someone");
  return (
    <article
      aria-label={`${name}: ${approval.question}`}
      aria-current={current || undefined}
      data-approval={approval.id}
      tabIndex={-1}
      className={cn(
        "grid gap-2.5 rounded-lg border bg-surface p-3 outline-offset-2",
        isPending && "border-warning/50",
        current && "border-primary ring-1 ring-primary",
      )}
    >
      <header className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-muted-foreground text-xs">
        <span
          className={cn(
            "flex items-center gap-1 rounded px-1.5 font-medium text-2xs leading-5",
            isPending ? "bg-warning-soft text-warning" : "bg-muted",
          )}
        >
          <Icon className="size-3" aria-hidden="true" /> {name}
        </span>
        <span>
          {asker} asked <TimeAgo at={approval.created_at} />
        </span>
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
        {links && <span className="flex min-w-0 items-center gap-2 max-sm:basis-full sm:ml-auto">{links}</span>}
      </header>
      <p dir="auto" className="whitespace-pre-wrap font-medium [overflow-wrap:anywhere]">
        <VisibleText text={approval.question} />
      </p>
      {approval.context && (
        <div className="scroll-thin max-h-72 overflow-y-auto rounded-md bg-sunken px-3 py-2">
          <RichText text={approval.context} />
        </div>
      )}
      {isPending ? (
        <DecisionForm
          approval={approval}
          canDecide={canDecide(approval)}
          isOwn={approval.asked_by === me}
          showNumbers={current}
        />
      ) : (
        <ApprovalOutcome approval={approval} />
      )}
    </article>
  );
}
