import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bot, Link2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { agents, explain, invites, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Role } from "@/api/types";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Input, NativeSelect } from "@/ui/field";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";
import { AgentSetup } from "./agent-setup";
import { SecretDialog } from "./secret-dialog";
import { Section } from "./section";

interface NewAgent {
  id: string;
  name: string;
}

/** Adds agents with an API key, and invites people by link. */
export function InviteSection({ workflowId }: { workflowId: string }) {
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>("member");
  const [link, setLink] = useState<string | null>(null);
  const draft = useDraft(`workflow.${workflowId}.new-agent`, "");
  const agent = draft.value;
  const [key, setKey] = useState<{ key: string; agent: NewAgent } | null>(null);
  // An agent whose key could not be created, so that the next attempt makes no second agent.
  const [keyless, setKeyless] = useState<NewAgent | null>(null);
  const known = useQuery({ queryKey: queryKeys.agents, queryFn: ({ signal }) => agents.list(signal) });

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
      const made = keyless?.name === name ? keyless : { id: (await agents.create(name, workflowId)).id, name };
      setKeyless(made);
      const { key: secret } = await keys.create(`Key of ${name}`, made.id);
      return { key: secret, agent: made };
    },
    onSuccess: (made) => {
      draft.clear();
      setKeyless(null);
      setKey(made);
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

  const wanted = agent.trim();
  const isKeyless = wanted !== "" && keyless?.name === wanted;
  const isTaken = !add.isPending && known.data?.some(({ name }) => name === wanted);

  return (
    <>
      <Section
        title="Agents"
        intro="An agent becomes a member and gets an API key to read and write tickets, with the configuration for your coding agent."
      >
        <form data-draft onSubmit={submit} className="flex gap-2">
          <Input
            aria-label="Agent name"
            placeholder="Agent name"
            value={agent}
            maxLength={200}
            onChange={(event) => draft.set(event.target.value)}
          />
          <Button type="submit" disabled={!agent.trim() || add.isPending}>
            <Bot /> Add agent
          </Button>
        </form>
        <DraftNote draft={draft} />
        {isKeyless && !add.isPending && (
          <p className="text-muted-foreground text-xs">
            {wanted} was added, but has no key yet. Add it again for its key.
          </p>
        )}
        {isTaken && !isKeyless && (
          <p className="text-muted-foreground text-xs">
            There is already an agent named {wanted}. This adds another one with the same name.
          </p>
        )}
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
        description={`The key of ${key?.agent.name ?? "the agent"}. Copy it now. It will not be shown again.`}
        label="Secret key"
        secret={key?.key ?? null}
        onClose={() => setKey(null)}
      >
        {key && <AgentSetup apiKey={key.key} agentId={key.agent.id} workflowId={workflowId} />}
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
