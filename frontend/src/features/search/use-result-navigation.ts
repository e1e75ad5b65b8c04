/** Keyboard navigation of the results while the search input keeps the focus. */
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import type { SearchResponse, SearchResult } from "@/api/types";
import { announce } from "@/ui/announcer";
import { resultCount } from "./labels";
import { optionId } from "./results";
import type { SearchState } from "./search-state";

interface Options {
  answer: SearchResponse | undefined;
  state: SearchState;
  listId: string;
  /** Whether the results belong to earlier criteria. */
  isStale: boolean;
  onOpen: (ticketId: string, elsewhere: boolean) => void;
}

export interface ResultNavigation {
  results: readonly SearchResult[];
  active: SearchResult | undefined;
  /** DOM id of the active row. */
  activeOption: string | undefined;
  setActive: (ticketId: string) => void;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
}

const PAGE_STEP = 8;
const NONE: readonly SearchResult[] = [];
/** Delays the announcement of the count until typing has paused. */
const ANNOUNCE_DELAY_MS = 700;

export function useResultNavigation({ answer, state, listId, isStale, onOpen }: Options): ResultNavigation {
  const results = answer?.results ?? NONE;
  const [activeId, setActive] = useState<string | null>(null);
  const criteria = useMemo(() => JSON.stringify(state), [state]);
  const [lastCriteria, setLastCriteria] = useState(criteria);
  if (lastCriteria !== criteria) {
    // New criteria reset the selection to the best result.
    setLastCriteria(criteria);
    setActive(null);
  }
  const at = Math.max(
    0,
    results.findIndex(({ ticket_id }) => ticket_id === activeId),
  );
  const active = results[at];

  const summary = answer && `${resultCount(answer)} found`;
  useEffect(() => {
    if (!summary) return;
    const timer = setTimeout(() => announce(summary), ANNOUNCE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [summary]);

  const go = (to: number) => {
    const next = results[Math.min(results.length - 1, Math.max(0, to))];
    if (!next) return;
    setActive(next.ticket_id);
    document.getElementById(optionId(listId, next.ticket_id))?.scrollIntoView({ block: "nearest" });
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing || event.altKey) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP };
    const step = steps[event.key];
    if (step !== undefined && results.length > 0) {
      event.preventDefault();
      go(at + step);
    }
    if (event.key === "Enter" && active && !isStale) {
      event.preventDefault();
      onOpen(active.ticket_id, event.metaKey || event.ctrlKey);
    }
  };
  return { results, active, activeOption: active && optionId(listId, active.ticket_id), setActive, onKey };
}
