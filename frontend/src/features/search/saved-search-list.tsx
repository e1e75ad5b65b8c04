import { Bell, BellOff, Bookmark, MoreHorizontal, Pencil, RefreshCw, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/api/hooks";
import type { SavedSearch } from "@/api/types";
import { cn } from "@/ui/cn";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { Notice } from "@/ui/states";
import { RenameDialog } from "./save-dialog";
import { type SavedActions, toSavedSearch } from "./saved-searches";
import { fromSavedSearch, hasCriteria, type SearchState, sameSearch } from "./search-state";

interface Props {
  searches: readonly SavedSearch[] | undefined;
  failed: boolean;
  state: SearchState;
  unread: (searchId: string) => number;
  actions: SavedActions;
  /** Workflow owners can change shared searches. */
  ownsWorkflow: boolean;
  onRun: (search: SavedSearch) => void;
}

/** The user's saved searches, then those shared by others. */
export function SavedSearchList({ searches, failed, state, unread, actions, ownsWorkflow, onRun }: Props) {
  const me = useMe()?.id;
  const [renaming, setRenaming] = useState<SavedSearch | null>(null);
  const mine = (searches ?? []).filter(({ owner_id }) => owner_id === me);
  const shared = (searches ?? []).filter(({ owner_id }) => owner_id !== me);
  const row = (search: SavedSearch) => (
    <Row
      key={search.search_id}
      search={search}
      isOwn={search.owner_id === me}
      canChange={search.owner_id === me || ownsWorkflow}
      current={sameSearch(fromSavedSearch(search), state)}
      state={state}
      unread={unread(search.search_id)}
      actions={actions}
      onRun={() => onRun(search)}
      onRename={() => setRenaming(search)}
    />
  );
  return (
    <section aria-label="Saved searches" className="grid gap-1">
      <h2 className="flex h-6 items-center font-semibold text-sm">Saved searches</h2>
      {failed && <Notice tone="warning">Could not load saved searches.</Notice>}
      {searches?.length === 0 && (
        <p className="text-muted-foreground text-xs">
          Save a search to reuse it, share it, or get notified of new matches.
        </p>
      )}
      <ul className="-mx-2 grid grid-cols-1 gap-px">{mine.map(row)}</ul>
      {shared.length > 0 && (
        <>
          <h3 className="mt-1.5 font-semibold text-muted-foreground text-xs">Shared by others</h3>
          <ul className="-mx-2 grid grid-cols-1 gap-px">{shared.map(row)}</ul>
        </>
      )}
      {renaming && <RenameDialog search={renaming} actions={actions} onClose={() => setRenaming(null)} />}
    </section>
  );
}

interface RowProps {
  search: SavedSearch;
  isOwn: boolean;
  canChange: boolean;
  current: boolean;
  state: SearchState;
  unread: number;
  actions: SavedActions;
  onRun: () => void;
  onRename: () => void;
}

function Row({ search, isOwn, canChange, current, state, unread, actions, onRun, onRename }: RowProps) {
  const { name, shared, notify, owner_name } = search;
  return (
    <li
      data-saved={search.search_id}
      className={cn("group flex h-8 items-center rounded-md", current ? "bg-accent" : "hover:bg-muted")}
    >
      <button
        type="button"
        aria-current={current ? "true" : undefined}
        onClick={onRun}
        className="flex h-full min-w-0 flex-1 items-center gap-2 px-2 text-left"
      >
        <Bookmark
          aria-hidden="true"
          className={cn("size-3.5 shrink-0 text-muted-foreground", current && "fill-current text-accent-foreground")}
        />
        <span dir="auto" className="truncate" title={isOwn ? name : `${name}, by ${owner_name ?? "someone"}`}>
          {name}
        </span>
        {isOwn && shared && <Users className="size-3 shrink-0 text-muted-foreground" aria-label="Shared" />}
        {isOwn && notify && <Bell className="size-3 shrink-0 text-muted-foreground" aria-label="Notifies you" />}
        {unread > 0 && (
          <span className="tabular ml-auto shrink-0 rounded-full bg-primary px-1.5 font-semibold text-2xs text-primary-foreground">
            {unread > 99 ? "99+" : unread}
            <span className="sr-only"> new</span>
          </span>
        )}
      </button>
      {canChange && (
        <Menu
          trigger={
            <button
              type="button"
              aria-label={`Actions for ${name}`}
              className="mr-1 grid size-6 shrink-0 place-items-center rounded text-muted-foreground opacity-0 hover:bg-border focus-visible:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
            >
              <MoreHorizontal className="size-4" />
            </button>
          }
        >
          <MenuItem onSelect={onRename}>
            <Pencil /> Rename
          </MenuItem>
          {hasCriteria(state) && !current && (
            <MenuItem onSelect={() => void actions.change(search, toSavedSearch(state))}>
              <RefreshCw /> Update to current search
            </MenuItem>
          )}
          <MenuItem onSelect={() => void actions.change(search, { shared: !shared })}>
            <Users /> {shared ? "Stop sharing" : "Share with workflow"}
          </MenuItem>
          {isOwn && (
            <MenuItem onSelect={() => void actions.change(search, { notify: !notify })}>
              {notify ? <BellOff /> : <Bell />} {notify ? "Stop notifying me" : "Notify me of new matches"}
            </MenuItem>
          )}
          <MenuSeparator />
          <MenuItem danger onSelect={() => void actions.remove(search)}>
            <Trash2 /> Delete
          </MenuItem>
        </Menu>
      )}
    </li>
  );
}
