import { useQueryClient } from "@tanstack/react-query";
import { Bell } from "lucide-react";
import { useEffect, useRef } from "react";
import { useMe } from "@/api/hooks";
import type { LiveEvent, SavedSearch } from "@/api/types";
import { useLive } from "@/live/context";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/button";
import { plural } from "@/ui/plural";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";
import { useSavedSearches, useUnread } from "./saved-searches";

interface Props {
  workflowId: string;
  onOpen: (ticketId: string) => void;
  onShow: (search: SavedSearch) => void;
}

const MAX_KEYS = 3;

/** Toasts for new matches of the user's saved searches, and a header button with the number of unread ones. */
export function MatchNotifications({ workflowId, onOpen, onShow }: Props) {
  const live = useLive();
  const queries = useQueryClient();
  const me = useMe()?.id;
  const { data } = useSavedSearches(workflowId);
  const notifying = (data ?? []).filter(({ notify, owner_id }) => notify && owner_id === me);

  const latest = useRef({ notifying, onOpen, onShow });
  useEffect(() => {
    latest.current = { notifying, onOpen, onShow };
  });
  useEffect(
    () =>
      live.onMatches((searchId, events) => {
        const { notifying: known, onOpen: open, onShow: show } = latest.current;
        const search = known.find(({ search_id }) => search_id === searchId);
        if (!search) return;
        notifyMatches(search, events, open, show);
        void queries.invalidateQueries({ queryKey: ["search", search.workflow_id] });
      }),
    [live, queries],
  );
  const unread = useUnread();
  const withUnread = notifying.filter(({ search_id }) => unread(search_id) > 0);
  const count = withUnread.reduce((sum, { search_id }) => sum + unread(search_id), 0);
  const [next] = withUnread;
  return (
    <>
      {notifying.map((search) => (
        <FollowSearch key={search.search_id} search={search} />
      ))}
      {next && (
        <Tooltip label={`New matches for ${withUnread.map(({ name }) => `“${name}”`).join(", ")}`}>
          <Button
            variant="ghost"
            className="gap-1.5 px-2"
            aria-label={`${plural(count, "new match", "new matches")} in saved searches`}
            onClick={() => onShow(next)}
          >
            <Bell />
            <span className="tabular rounded-full bg-primary px-1.5 font-semibold text-2xs text-primary-foreground">
              {count > 99 ? "99+" : count}
            </span>
          </Button>
        </Tooltip>
      )}
    </>
  );
}

function FollowSearch({ search }: { search: SavedSearch }) {
  const live = useLive();
  // Only the first cursor is used; the subscription advances it from there.
  const first = useRef(search);
  useEffect(() => live.followSearch(first.current), [live]);
  return null;
}

function notifyMatches(
  search: SavedSearch,
  events: readonly LiveEvent[],
  open: Props["onOpen"],
  show: Props["onShow"],
): void {
  const tickets = events.flatMap(({ data }) => (data.ticket ? [data.ticket] : []));
  const [first] = tickets;
  if (!first) return;
  if (tickets.length === 1) {
    const ticket = `${first.key} ${first.title}`;
    toast(`New match for “${search.name}”`, {
      description: ticket,
      duration: 10_000,
      action: { label: "View ticket", onClick: () => open(first.ticket_id) },
    });
    announce(`New match for ${search.name}: ${ticket}`);
    return;
  }
  const named = tickets.slice(0, MAX_KEYS).map(({ key }) => key);
  const more = tickets.length - named.length;
  toast(`${tickets.length} new matches for “${search.name}”`, {
    description: more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", "),
    duration: 10_000,
    action: { label: "View matches", onClick: () => show(search) },
  });
  announce(`${tickets.length} new matches for ${search.name}`);
}
