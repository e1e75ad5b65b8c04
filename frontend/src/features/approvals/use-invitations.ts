/** Invitations of workflows to the user and to the user's agents. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { explain, invitations } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { MembershipInvitation } from "@/api/types";
import { toast } from "@/ui/toast";

/** No live event tells of them, because the user is no member yet. */
const REFETCH_INTERVAL_MS = 60_000;

export function useInvitations() {
  return useQuery({
    queryKey: queryKeys.invitations,
    queryFn: ({ signal }) => invitations.toDecide(signal),
    staleTime: 5_000,
    refetchInterval: REFETCH_INTERVAL_MS,
  });
}

interface Decision {
  invitation: MembershipInvitation;
  accept: boolean;
  /** After it was accepted. */
  onDone?: ((workflowId: string) => void) | undefined;
}

export function useDecideInvitation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ invitation: { invitation_id: id }, accept }: Decision) =>
      accept ? invitations.accept(id) : invitations.decline(id),
    onSuccess: (_, { invitation, accept, onDone }) => {
      toast.success(accept ? "Invitation accepted" : "Invitation declined");
      onDone?.(invitation.workflow_id);
    },
    onError: (error) => toast.error("Could not answer the invitation", { description: explain(error) }),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: queryKeys.invitations });
      void queries.invalidateQueries({ queryKey: queryKeys.workflows });
    },
  });
}
