import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { agents, explain, workflows } from "@/api";
import { useMe } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Agent } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { toast } from "@/ui/toast";

/** The user's agents, and the workflows that may give them work. */
export function AgentMemberships() {
  const me = useMe();
  const list = useQuery({ queryKey: queryKeys.agents, queryFn: ({ signal }) => agents.list(signal) });
  const own = (list.data ?? []).filter(({ owner_id, disabled_at }) => owner_id === me?.id && !disabled_at);
  if (own.length === 0) return null;
  return (
    <Section title="Agents" intro="Your agents and services work in these workflows. You can take them out of any.">
      <ul className={`${panelClass} divide-y`}>
        {own.map((agent) => (
          <AgentRow key={agent.id} agent={agent} />
        ))}
      </ul>
    </Section>
  );
}

function AgentRow({ agent }: { agent: Agent }) {
  const queries = useQueryClient();
  const queryKey = queryKeys.memberships(agent.id);
  const memberships = useQuery({ queryKey, queryFn: ({ signal }) => agents.memberships(agent.id, signal) });
  const end = useMutation({
    mutationFn: (workflowId: string) => workflows.removeMember(workflowId, agent.id),
    onError: (error) => toast.error("Could not end the membership", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  const confirmAndEnd = async (workflowId: string, workflow: string) => {
    const yes = await confirm({
      title: `Remove ${agent.name} from ${workflow}?`,
      description: "It can no longer work there until an owner invites it again and you accept.",
      submit: "Remove agent",
    });
    if (yes) end.mutate(workflowId);
  };
  return (
    <li className="grid gap-1.5 px-4 py-2.5">
      <p className="flex items-center gap-2 font-medium">
        <Avatar id={agent.id} name={agent.name} agent />
        <span dir="auto" className="truncate">
          {agent.name}
        </span>
      </p>
      {memberships.isError && <Notice tone="danger">{explain(memberships.error)}</Notice>}
      {memberships.data?.length === 0 && <p className="text-muted-foreground text-xs">In no workflow.</p>}
      {memberships.data?.map(({ workflow_id, workflow_name, role }) => (
        <div key={workflow_id} className="flex items-center gap-3 pl-7">
          <p dir="auto" className="min-w-0 flex-1 truncate">
            {workflow_name} <span className="text-muted-foreground text-xs">{role}</span>
          </p>
          <Button
            size="sm"
            aria-label={`Remove ${agent.name} from ${workflow_name}`}
            disabled={end.isPending}
            onClick={() => void confirmAndEnd(workflow_id, workflow_name)}
          >
            Remove
          </Button>
        </div>
      ))}
    </li>
  );
}
