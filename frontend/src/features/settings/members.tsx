import { useMutation, useQueryClient } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";
import type { FormEvent } from "react";
import { explain, workflows } from "@/api";
import { useMe, useMembers } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Role } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Input, NativeSelect } from "@/ui/field";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";
import { SentInvitations } from "./sent-invitations";

const ROLES: ReadonlyArray<[Role, string]> = [
  ["viewer", "Viewer"],
  ["member", "Member"],
  ["owner", "Owner"],
];

export function Members({ workflowId, editable }: { workflowId: string; editable: boolean }) {
  const members = useMembers(workflowId);
  const me = useMe();
  const queries = useQueryClient();
  const draft = useDraft(`workflow.${workflowId}.new-member`, { who: "", role: "member" as Role });
  const { who, role } = draft.value;
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: queryKeys.members(workflowId) });
    void queries.invalidateQueries({ queryKey: queryKeys.sentInvitations(workflowId) });
  };
  const put = useMutation({
    mutationFn: ({ actor, as }: { actor: string; as: Role }) => workflows.putMember(workflowId, actor, as),
    onSuccess: (answer, { actor }) => {
      if (actor === who.trim()) draft.clear();
      if ((answer as { status?: string }).status === "invited") {
        toast.success(`Invited ${actor}`, { description: "The person, or the agent's owner, has to accept first." });
      }
    },
    onError: (error) => toast.error("Could not update the member", { description: explain(error) }),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: (actor: string) => workflows.removeMember(workflowId, actor),
    onError: (error) => toast.error("Could not remove the member", { description: explain(error) }),
    onSettled: refresh,
  });
  const confirmAndRemove = async (actor: string, name: string) => {
    const own = actor === me?.id;
    const yes = await confirm({
      title: own ? "Leave this workflow?" : `Remove ${name}?`,
      description: own
        ? "You can no longer open it until an owner adds you again."
        : "They can no longer open this workflow. Their tickets and comments stay.",
      submit: own ? "Leave workflow" : "Remove member",
    });
    if (yes) remove.mutate(actor);
  };
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (who.trim()) put.mutate({ actor: who.trim(), as: role });
  };
  const roles = ROLES.map(([id, label]) => (
    <option key={id} value={id}>
      {label}
    </option>
  ));

  return (
    <Section
      title="Members"
      intro="Viewers can read, members can edit tickets, owners can also manage the board and its members."
    >
      {members.isPending && <Spinner label="Loading members…" />}
      {members.isError && <Notice tone="danger">{explain(members.error)}</Notice>}
      {members.data && (
        <ul className={`${panelClass} divide-y`}>
          {members.data.map(({ actor_id, name, kind, email, role: current }) => (
            <li key={actor_id} className="flex items-center gap-3 px-3 py-2">
              <Avatar id={actor_id} name={name} agent={kind !== "user"} size="md" />
              <div className="min-w-0 flex-1">
                <p dir="auto" className="truncate font-medium">
                  {name}
                  {actor_id === me?.id && <span className="text-muted-foreground"> (you)</span>}
                </p>
                <p dir="auto" className="truncate text-muted-foreground text-xs">
                  {email ?? actor_id}
                </p>
              </div>
              <NativeSelect
                aria-label={`Role of ${name}`}
                className="w-28 shrink-0"
                value={current}
                disabled={!editable}
                onChange={(event) => put.mutate({ actor: actor_id, as: event.target.value as Role })}
              >
                {roles}
              </NativeSelect>
              <Button
                variant="ghost"
                size="icon-sm"
                aria-label={`Remove ${name}`}
                disabled={!editable && actor_id !== me?.id}
                onClick={() => void confirmAndRemove(actor_id, name)}
              >
                <UserMinus />
              </Button>
            </li>
          ))}
        </ul>
      )}
      {editable && (
        <form data-draft onSubmit={add} className="flex flex-wrap gap-2 sm:flex-nowrap">
          <Input
            aria-label="Email or agent ID"
            placeholder="Email or agent ID"
            value={who}
            onChange={(event) => draft.set((old) => ({ ...old, who: event.target.value }))}
          />
          <NativeSelect
            aria-label="Role of the new member"
            className="w-28 shrink-0"
            value={role}
            onChange={(event) => draft.set((old) => ({ ...old, role: event.target.value as Role }))}
          >
            {roles}
          </NativeSelect>
          <Button type="submit" disabled={!who.trim() || put.isPending}>
            Add member
          </Button>
        </form>
      )}
      {editable && <DraftNote draft={{ ...draft, baseChanged: false }} />}
      {editable && <SentInvitations workflowId={workflowId} />}
    </Section>
  );
}
