import { useMemo } from "react";
import type { Actor, NameOf } from "@/api/hooks";
import type { Card } from "@/api/types";

/** By whom the tickets of a board can be filtered: the members, and other assignees of its cards. */
export function usePeople(actors: readonly Actor[], cards: ReadonlyMap<string, Card>, nameOf: NameOf): Actor[] {
  return useMemo(() => {
    const known = new Set(actors.map(({ id }) => id));
    const others = new Set<string>();
    for (const { assigned_agent_id: id } of cards.values()) if (id && !known.has(id)) others.add(id);
    return [...actors, ...[...others].map(nameOf).sort((a, b) => a.name.localeCompare(b.name))];
  }, [actors, cards, nameOf]);
}
