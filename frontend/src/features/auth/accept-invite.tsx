import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { explain, invites } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { Empty, Notice } from "@/ui/states";

/** Accepts an invitation for a user who is already signed in. */
export function AcceptInvite({ invite, name }: { invite: string; name: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const accept = useMutation({
    mutationFn: () => invites.accept(invite),
    onSuccess: async ({ workflow_id }) => {
      await queries.invalidateQueries({ queryKey: queryKeys.workflows });
      if (workflow_id) await navigate({ to: "/w/$workflowId", params: { workflowId: workflow_id }, search: {} });
      else await navigate({ to: "/" });
    },
  });
  return (
    <main className="grid h-full place-items-center">
      <Empty
        title="Accept your invitation"
        action={
          <>
            <Button onClick={() => void navigate({ to: "/" })}>Not now</Button>
            <Button variant="primary" disabled={accept.isPending} onClick={() => accept.mutate()}>
              Join as {name}
            </Button>
          </>
        }
      >
        {accept.isError ? (
          <Notice tone="danger">{explain(accept.error)}</Notice>
        ) : (
          "Join the workflow with your current account."
        )}
      </Empty>
    </main>
  );
}
