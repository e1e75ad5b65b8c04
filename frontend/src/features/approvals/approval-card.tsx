import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useMe } from "@/api/hooks";
import type { Approval } from "@/api/types";
import { HeldNotice } from "@/entities/approval/held-notice";
import { useHeld } from "@/entities/approval/use-held";
import { RichText } from "@/entities/ticket/rich-text";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { toast } from "@/ui/toast";
import { ApprovalFacts } from "./approval-facts";
import { ApprovalOutcome } from "./approval-outcome";
import { toastId } from "./approval-toasts";
import { CannotDecide, DecisionForm } from "./decision-form";
import { KIND_LABELS } from "./kinds";
import { useCanDecide } from "./use-approvals";

interface Props {
  approval: Approval;
  /** Links to the ticket, job and workflow, for lists that mix them. */
  links?: ReactNode;
  /** Target of the keyboard shortcuts. */
  current?: boolean;
}

/** An approval with the form to decide it, or its outcome once it is closed. */
export function ApprovalCard({ approval, links, current }: Props) {
  const me = useMe()?.id;
  const canDecide = useCanDecide();
  const { name, icon: Icon } = KIND_LABELS[approval.kind];
  const isPending = approval.status === "pending";
  const held = useHeld(approval.id);
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
      data-held={held?.approval.id}
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
        <ApprovalFacts approval={approval} asker={asker} />
        <span className="flex min-w-0 items-center gap-2 max-sm:basis-full sm:ml-auto">
          {links}
          {isPending && (
            <Link
              to="/w/$workflowId/review/$approvalId"
              params={{ workflowId: approval.workflow_id, approvalId: approval.id }}
              className="rounded font-medium text-accent-foreground hover:underline"
              data-review=""
            >
              Review
            </Link>
          )}
        </span>
      </header>
      <p dir="auto" className="whitespace-pre-wrap font-medium [overflow-wrap:anywhere]">
        <VisibleText text={approval.question} />
      </p>
      {approval.context && (
        <div className="scroll-thin max-h-72 overflow-y-auto rounded-md bg-sunken px-3 py-2">
          <RichText text={approval.context} />
        </div>
      )}
      {held ? (
        <HeldNotice held={held} showKeys={current} />
      ) : !isPending ? (
        <ApprovalOutcome approval={approval} />
      ) : canDecide(approval) ? (
        <DecisionForm approval={approval} showNumbers={current} />
      ) : (
        <CannotDecide approval={approval} isOwn={approval.asked_by === me} />
      )}
    </article>
  );
}
