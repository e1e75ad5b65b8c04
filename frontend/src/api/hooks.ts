/** Queries that several features share. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import { agents } from "./accounts";
import { queryKeys } from "./query-keys";
import { type SessionState, session } from "./session";
import type { Member, User } from "./types";
import { workflows } from "./workflows";

export interface Actor {
  id: string;
  name: string;
  agent: boolean;
}

export type NameOf = (id: string | null | undefined) => Actor;

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.get);
}

export function useMe(): User | null {
  const state = useSession();
  return state.status === "signed-in" ? state.user : null;
}

export function useWorkflows(archived = false) {
  return useQuery({
    queryKey: [...queryKeys.workflows, { archived }],
    queryFn: ({ signal }) => workflows.list(archived, signal),
  });
}

export function useMembers(workflowId: string) {
  return useQuery({
    queryKey: queryKeys.members(workflowId),
    queryFn: ({ signal }) => workflows.members(workflowId, signal),
    staleTime: 60_000,
  });
}

/** Whom tickets can be assigned to: members, people first. The server refuses others. */
export function assignees(members: readonly Pick<Member, "actor_id" | "name" | "kind">[]): Actor[] {
  return members
    .map(({ actor_id, name, kind }) => ({ id: actor_id, name, agent: kind !== "user" }))
    .sort((a, b) => Number(a.agent) - Number(b.agent) || a.name.localeCompare(b.name));
}

/** The possible assignees of a workflow, its members with people first, and a lookup that also covers other ids. */
export function useActors(workflowId: string): { actors: Actor[]; nameOf: NameOf } {
  const me = useMe();
  const members = useMembers(workflowId);
  const everyone = useQuery({
    queryKey: queryKeys.agents,
    queryFn: ({ signal }) => agents.list(signal),
    staleTime: 60_000,
    retry: false,
  });
  return useMemo(() => {
    const known = new Map<string, Actor>();
    for (const agent of everyone.data ?? []) {
      known.set(agent.id, { id: agent.id, name: agent.name, agent: agent.kind !== "user" });
    }
    for (const { actor_id, name, kind } of members.data ?? []) {
      known.set(actor_id, { id: actor_id, name, agent: kind !== "user" });
    }
    if (me) known.set(me.id, { id: me.id, name: me.name, agent: false });
    const actors = assignees(members.data ?? []);
    const nameOf: NameOf = (id) =>
      known.get(id ?? "") ?? { id: id ?? "", name: id ? shortId(id) : "Unassigned", agent: !id?.startsWith("user-") };
    return { actors, nameOf };
  }, [everyone.data, members.data, me]);
}

/** A label for an actor without a known name: the kind and the last four digits of the id. */
export function shortId(id: string): string {
  const uuid = /^([a-z]+)-[0-9a-f]{8}-.*([0-9a-f]{4})$/i.exec(id);
  return uuid ? `${uuid[1]} …${uuid[2]}` : id;
}
