import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { Button } from "@/ui/button";
import { Tooltip } from "@/ui/tooltip";
import { useCanDecide, usePendingApprovals } from "./use-approvals";
import { useInvitations } from "./use-invitations";

/** Link to the approvals inbox with the number of pending approvals. */
export function InboxButton() {
  const { pending } = usePendingApprovals();
  const canDecide = useCanDecide();
  const { data: invitations = [] } = useInvitations();
  const count = pending.filter(canDecide).length + invitations.length;
  const label = count > 0 ? `Approvals, ${count} pending` : "Approvals";
  return (
    <Tooltip label={label}>
      <Button variant="ghost" className="gap-1.5 px-2" asChild>
        <Link to="/approvals" search={{}} aria-label={label}>
          <Inbox />
          {count > 0 && (
            <span
              data-testid="approvals-count"
              className="tabular rounded-full bg-warning px-1.5 font-semibold text-2xs text-background"
            >
              {count > 99 ? "99+" : count}
            </span>
          )}
        </Link>
      </Button>
    </Tooltip>
  );
}
