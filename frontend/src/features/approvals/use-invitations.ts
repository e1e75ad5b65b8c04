/** Invitations of workflows to the user and to the user's agents. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { explain, invitations } from "@/api";
import { queryKeys } from "@/api/query-keys";
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

export function useDecideInvitation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, accept }: { id: string; accept: boolean }) =>
      accept ? invitations.accept(id) : invitations.decline(id),
    onSuccess: (_, { accept }) => toast.success(accept ? "Invitation accepted" : "Invitation declined"),
    onError: (error) => toast.error("Could not answer the invitation", { description: explain(error) }),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: queryKeys.invitations });
      void queries.invalidateQueries({ queryKey: queryKeys.workflows });
    },
  });
}
