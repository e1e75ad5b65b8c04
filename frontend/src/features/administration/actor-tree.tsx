import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Bot, ChevronRight, Cog, UserRound } from "lucide-react";
import { useState } from "react";
import { explain, server } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ActorWithKeys } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { plural } from "@/ui/plural";
import { panelClass } from "@/ui/section";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { DisableButton } from "./disable-button";
import { KeyRow } from "./key-row";

const PAGE_SIZE = 50;

interface Props {
  /** What belongs to this actor; people and what belongs to nobody without one. */
  owner?: { id: string; name: string };
  search?: string;
}

/** One level of the tree: people, or the agents and services of an actor; or whatever a search finds. */
export function ActorLevel({ owner, search = "" }: Props) {
  const list = useInfiniteQuery({
    queryKey: [...queryKeys.serverActors, owner?.id ?? null, search],
    queryFn: ({ pageParam, signal }) =>
      server.actors({ owner_id: owner?.id, search: search || undefined, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
    placeholderData: keepPreviousData,
  });
  const actors = list.data?.pages.flatMap((page) => page.actors) ?? [];
  if (list.isPending) return <Spinner label="Loading agents…" className={owner && "p-3"} />;
  if (list.isError && actors.length === 0) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (actors.length === 0) {
    if (owner) return null;
    return <Empty title="Nothing found">No name, id, e-mail address or key contains “{search}”.</Empty>;
  }
  return (
    <>
      <ul
        aria-label={owner ? `Agents and services of ${owner.name}` : "People, agents and services"}
        className={owner ? "divide-y border-t" : `${panelClass} divide-y`}
      >
        {actors.map((actor) => (
          <ActorNode key={`${actor.id} ${search}`} actor={actor} found={search !== ""} />
        ))}
      </ul>
      <ShowMore list={list} size={owner && "sm"} className="justify-self-center" />
    </>
  );
}

const ICONS = { user: UserRound, agent: Bot, service: Cog };
const KINDS = { user: "person", agent: "agent", service: "service" };

/** An actor; opened, its keys and what belongs to it. `found` says that a search found it, wherever it is. */
function ActorNode({ actor, found }: { actor: ActorWithKeys; found: boolean }) {
  const { id, kind, name, owner_id, owner_name, disabled_at, last_used_at, key_count, keys } = actor;
  const [open, setOpen] = useState(found && key_count > 0);
  const content = key_count + actor.agents > 0;
  const Icon = ICONS[kind];
  const facts = [
    KINDS[kind],
    name !== id && kind !== "user" && id,
    kind === "user" && actor.email,
    found && owner_id && `belongs to ${owner_name ?? owner_id}`,
    kind !== "user" && !owner_id && "belongs to nobody",
    actor.agents > 0 && plural(actor.agents, "agent or service", "agents and services"),
    key_count > 0 && plural(key_count, "key"),
    kind !== "user" && plural(actor.workflows, "workflow"),
  ].filter(Boolean);
  return (
    <li>
      <div className="flex items-center gap-2 px-3 py-2.5">
        <Button
          variant="ghost"
          size="icon-sm"
          className={cn(!content && "invisible")}
          aria-label={`Keys and agents of ${name}`}
          aria-expanded={open}
          onClick={() => setOpen((old) => !old)}
        >
          <ChevronRight className={cn("transition-transform", open && "rotate-90")} />
        </Button>
        <Icon aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" />
        <div className="min-w-0 flex-1">
          <p dir="auto" className={cn("truncate font-medium", disabled_at && "text-muted-foreground line-through")}>
            {name}
          </p>
          <p dir="auto" className="tabular text-muted-foreground text-xs [overflow-wrap:anywhere]">
            {facts.join(" · ")}
            {last_used_at && (
              <>
                {" · key used "}
                <TimeAgo at={last_used_at} />
              </>
            )}
            {disabled_at && (
              <>
                {" · disabled "}
                <TimeAgo at={disabled_at} />
              </>
            )}
          </p>
        </div>
        {kind !== "user" && <DisableButton actor={actor} />}
      </div>
      {open && (
        <div className="mb-2 ml-6 grid gap-2 border-l pl-2 sm:ml-[1.4rem]">
          {keys.length > 0 && (
            <ul aria-label={`Keys of ${name}`} className="grid">
              {keys.map((key) => (
                <KeyRow key={key.id} apiKey={key} />
              ))}
            </ul>
          )}
          {key_count > keys.length && (
            <p className="px-2 text-muted-foreground text-xs">
              The newest {keys.length} of {plural(key_count, "key")}. <code>callboard key list</code> shows all.
            </p>
          )}
          {actor.agents > 0 && <ActorLevel owner={{ id, name }} />}
        </div>
      )}
    </li>
  );
}
