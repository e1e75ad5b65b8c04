import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { explain, invitations } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass } from "@/ui/section";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";

/** Invitations that wait for an answer. They are shown whether or not they name somebody. */
export function SentInvitations({ workflowId }: { workflowId: string }) {
  const queries = useQueryClient();
  const queryKey = queryKeys.sentInvitations(workflowId);
  const sent = useQuery({ queryKey, queryFn: ({ signal }) => invitations.sent(workflowId, signal) });
  const withdraw = useMutation({
    mutationFn: (id: string) => invitations.withdraw(workflowId, id),
    onError: (error) => toast.error("Could not withdraw the invitation", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  const confirmAndWithdraw = async (id: string, name: string) => {
    const yes = await confirm({
      title: `Withdraw the invitation of ${name}?`,
      description: "They can no longer accept it. You can invite them again.",
      submit: "Withdraw invitation",
    });
    if (yes) withdraw.mutate(id);
  };
  if (sent.isError) return <Notice tone="danger">{explain(sent.error)}</Notice>;
  if (!sent.data?.length) return null;
  return (
    <ul aria-label="Pending invitations" className={`${panelClass} divide-y`}>
      {sent.data.map(({ invitation_id, actor_id, role, created_at }) => (
        <li key={invitation_id} className="flex items-center gap-3 px-3 py-2">
          <div className="min-w-0 flex-1">
            <p dir="auto" className="truncate">
              {actor_id}
            </p>
            <p className="text-muted-foreground text-xs">
              Invited as {role} <TimeAgo at={created_at} />
            </p>
          </div>
          <Button
            size="sm"
            aria-label={`Withdraw the invitation of ${actor_id}`}
            disabled={withdraw.isPending}
            onClick={() => void confirmAndWithdraw(invitation_id, actor_id)}
          >
            Withdraw
          </Button>
        </li>
      ))}
    </ul>
  );
}
