import { useCanDecide, usePendingApprovals } from "./use-approvals";
import { useInvitations } from "./use-invitations";

/** How many approvals and invitations wait for the user. */
export function useInboxCount(): number {
  const { pending } = usePendingApprovals();
  const canDecide = useCanDecide();
  const { data: invitations = [] } = useInvitations();
  return pending.filter(canDecide).length + invitations.length;
}
