import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Bot, Link2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { agents, explain, invites, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Role } from "@/api/types";
import { Button } from "@/ui/button";
import { Input, NativeSelect } from "@/ui/field";
import { AgentSetup } from "./agent-setup";
import { SecretDialog } from "./secret-dialog";
import { Section } from "./section";

/** Adds agents with an API key, and invites people by link. */
export function InviteSection({ workflowId }: { workflowId: string }) {
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>("member");
  const [link, setLink] = useState<string | null>(null);
  const [agent, setAgent] = useState("");
  const [key, setKey] = useState<string | null>(null);

  const invite = useMutation({
    mutationFn: () => invites.create(workflowId, role),
    onSuccess: ({ invite: code, url }) => {
      const here = new URL("/register", window.location.origin);
      here.searchParams.set("invite", code);
      setLink(url ?? here.href);
    },
    onError: (error) => toast.error("Could not create the invite link", { description: explain(error) }),
  });
  const add = useMutation({
    mutationFn: async () => {
      const name = agent.trim();
      const { id } = await agents.create(name, workflowId);
      return keys.create(`Key of ${name}`, id);
    },
    onSuccess: (made) => {
      setAgent("");
      setKey(made.key);
    },
    onError: (error) => toast.error("Could not add the agent", { description: explain(error) }),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: queryKeys.members(workflowId) });
      void queries.invalidateQueries({ queryKey: queryKeys.agents });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (agent.trim()) add.mutate();
  };

  return (
    <>
      <Section
        title="Agents"
        intro="An agent becomes a member and gets an API key to read and write tickets, with the configuration for your coding agent."
      >
        <form onSubmit={submit} className="flex gap-2">
          <Input
            aria-label="Agent name"
            placeholder="Agent name"
            value={agent}
            maxLength={200}
            onChange={(event) => setAgent(event.target.value)}
          />
          <Button type="submit" disabled={!agent.trim() || add.isPending}>
            <Bot /> Add agent
          </Button>
        </form>
      </Section>
      <Section title="Invitations" intro="An invite link lets one person join this workflow. It expires after a week.">
        <div className="flex gap-2">
          <NativeSelect
            aria-label="Role of the invited person"
            className="w-32 shrink-0"
            value={role}
            onChange={(event) => setRole(event.target.value as Role)}
          >
            <option value="viewer">Viewer</option>
            <option value="member">Member</option>
            <option value="owner">Owner</option>
          </NativeSelect>
          <Button disabled={invite.isPending} onClick={() => invite.mutate()}>
            <Link2 /> Create invite link
          </Button>
        </div>
      </Section>
      <SecretDialog
        title="Agent key created"
        description="Copy it now. It will not be shown again."
        label="Secret key"
        secret={key}
        onClose={() => setKey(null)}
      >
        {key && <AgentSetup apiKey={key} />}
      </SecretDialog>
      <SecretDialog
        title="Invite link created"
        description="Send it to the person you want to invite. It works once and expires after a week."
        label="Invite URL"
        secret={link}
        onClose={() => setLink(null)}
      />
    </>
  );
}
