import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { explain, users } from "@/api";
import { useMe } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Account } from "@/api/types";
import { panelClass, Section } from "@/ui/section";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { PasswordLinkDialog } from "./password-link-dialog";
import { PersonRow } from "./person-row";
import { SearchField } from "./search-field";
import { SessionsDialog } from "./sessions-dialog";

const PAGE_SIZE = 50;

/** Everybody with an account. */
export function People() {
  const me = useMe();
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<{ what: "password" | "sessions"; person: Account } | null>(null);
  const list = useInfiniteQuery({
    queryKey: [...queryKeys.users, search],
    queryFn: ({ pageParam, signal }) =>
      users.list({ search: search || undefined, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
    placeholderData: keepPreviousData,
  });
  const people = list.data?.pages.flatMap((page) => page.users) ?? [];
  const close = () => setAsked(null);
  return (
    <Section
      title="People"
      intro="Everybody with an account. Disabling a person ends their sessions and stops their keys, agents and services."
    >
      <SearchField label="Search people" value={search} onChange={setSearch} />
      {list.isPending && <Spinner label="Loading people…" />}
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.isSuccess && people.length === 0 && (
        <Empty title="Nobody found">No name, e-mail address or id contains “{search}”.</Empty>
      )}
      {people.length > 0 && (
        <ul aria-label="People" className={`${panelClass} divide-y`}>
          {people.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              own={person.id === me?.id}
              onPassword={() => setAsked({ what: "password", person })}
              onSessions={() => setAsked({ what: "sessions", person })}
            />
          ))}
        </ul>
      )}
      <ShowMore list={list} className="justify-self-center" />
      {asked?.what === "password" && <PasswordLinkDialog person={asked.person} onClose={close} />}
      {asked?.what === "sessions" && <SessionsDialog person={asked.person} onClose={close} />}
    </Section>
  );
}
