/** Moving through what was found while the focus stays in the box. */
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import type { SearchAnswer, SearchResult } from "@/api/types";
import { announce } from "@/ui/announcer";
import { foundWords } from "./labels";
import { optionId } from "./results";
import type { SearchState } from "./search-state";

interface Given {
  answer: SearchAnswer | undefined;
  state: SearchState;
  listId: string;
  /** Whether the results belong to an earlier question. */
  stale: boolean;
  onOpen: (ticketId: string, elsewhere: boolean) => void;
}

export interface ResultList {
  shown: readonly SearchResult[];
  active: SearchResult | undefined;
  /** The active row's id in the page. */
  activeOption: string | undefined;
  setActive: (ticketId: string) => void;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
}

const PAGE = 8;
const NONE: readonly SearchResult[] = [];
/** Whoever types is not interrupted with every letter's count. */
const SPEAK_AFTER_MS = 700;

export function useResults({ answer, state, listId, stale, onOpen }: Given): ResultList {
  const shown = answer?.results ?? NONE;
  const [chosen, setActive] = useState<string | null>(null);
  const question = useMemo(() => JSON.stringify(state), [state]);
  const [asked, setAsked] = useState(question);
  if (asked !== question) {
    // Another question begins at its best answer.
    setAsked(question);
    setActive(null);
  }
  const at = Math.max(
    0,
    shown.findIndex(({ ticket_id }) => ticket_id === chosen),
  );
  const active = shown[at];

  const words = answer && `${foundWords(answer)} found`;
  useEffect(() => {
    if (!words) return;
    const timer = setTimeout(() => announce(words), SPEAK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [words]);

  const go = (to: number) => {
    const next = shown[Math.min(shown.length - 1, Math.max(0, to))];
    if (!next) return;
    setActive(next.ticket_id);
    document.getElementById(optionId(listId, next.ticket_id))?.scrollIntoView({ block: "nearest" });
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing || event.altKey) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
    const step = steps[event.key];
    if (step !== undefined && shown.length > 0) {
      event.preventDefault();
      go(at + step);
    }
    if (event.key === "Enter" && active && !stale) {
      event.preventDefault();
      onOpen(active.ticket_id, event.metaKey || event.ctrlKey);
    }
  };
  return { shown, active, activeOption: active && optionId(listId, active.ticket_id), setActive, onKey };
}
