/** Moving through what was found while the focus stays in the box. */
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import type { SearchAnswer, SearchResult } from "@/api/types";
import { announce } from "@/ui/announcer";
import { resultCount } from "./labels";
import { optionId } from "./results";
import type { SearchState } from "./search-state";

interface Options {
  answer: SearchAnswer | undefined;
  state: SearchState;
  listId: string;
  /** Whether the results belong to an earlier question. */
  isStale: boolean;
  onOpen: (ticketId: string, elsewhere: boolean) => void;
}

export interface ResultNavigation {
  results: readonly SearchResult[];
  active: SearchResult | undefined;
  /** The active row's id in the page. */
  activeOption: string | undefined;
  setActive: (ticketId: string) => void;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
}

const PAGE_STEP = 8;
const NONE: readonly SearchResult[] = [];
/** Whoever types is not interrupted with every letter's count. */
const ANNOUNCE_DELAY_MS = 700;

export function useResultNavigation({ answer, state, listId, isStale, onOpen }: Options): ResultNavigation {
  const results = answer?.results ?? NONE;
  const [activeId, setActive] = useState<string | null>(null);
  const criteria = useMemo(() => JSON.stringify(state), [state]);
  const [lastCriteria, setLastCriteria] = useState(criteria);
  if (lastCriteria !== criteria) {
    // Another question begins at its best answer.
    setLastCriteria(criteria);
    setActive(null);
  }
  const at = Math.max(
    0,
    results.findIndex(({ ticket_id }) => ticket_id === activeId),
  );
  const active = results[at];

  const words = answer && `${resultCount(answer)} found`;
  useEffect(() => {
    if (!words) return;
    const timer = setTimeout(() => announce(words), ANNOUNCE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [words]);

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
