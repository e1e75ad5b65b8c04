/** Keyboard navigation of the results while the search input keeps the focus. */

import { type KeyboardEvent, useEffect, useState } from "react";
import type { SearchResponse, SearchResult } from "@/api/types";
import { announce } from "@/ui/announcer";
import type { DebouncedInput } from "@/ui/use-debounced-input";
import { type ResultStatus, useDeferredAction } from "@/ui/use-deferred-action";
import { isComposing } from "@/ui/use-shortcuts";
import { resultCount } from "./labels";
import { optionId } from "./results";
import { hasCriteria, type SearchState, searchKey } from "./search-state";

interface Options {
  answer: SearchResponse | undefined;
  /** Of the results for `state`. */
  status: ResultStatus;
  state: SearchState;
  input: DebouncedInput;
  listId: string;
  onOpen: (ticketId: string, elsewhere: boolean) => void;
  /** Called on Enter when the input had not been applied yet. */
  onSubmit: (state: SearchState) => void;
}

export interface ResultNavigation {
  results: readonly SearchResult[];
  active: SearchResult | undefined;
  /** DOM id of the active row. */
  activeOption: string | undefined;
  setActive: (ticketId: string) => void;
  setText: (text: string) => void;
  onKey: (event: KeyboardEvent<HTMLInputElement>) => void;
  /** Cancels Enter while the results that it waits for are loading. */
  cancelOpen: () => void;
}

const PAGE_STEP = 8;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP };
const NONE: readonly SearchResult[] = [];
/** Delays the announcement of the count until typing has paused. */
const ANNOUNCE_DELAY_MS = 700;

interface Choice {
  /** The row that was moved to. Defaults to the best result. */
  ticketId: string | null;
  elsewhere: boolean;
}

export function useResultNavigation(options: Options): ResultNavigation {
  const { answer, state, input, listId, onOpen, onSubmit } = options;
  const results = answer?.results ?? NONE;
  const [activeId, setActive] = useState<string | null>(null);
  // The text is applied to `state` with a delay, so until then the results belong to an earlier text.
  const wanted: SearchState = { ...state, q: input.text };
  const target = searchKey(wanted);
  const [lastTarget, setLastTarget] = useState(target);
  if (lastTarget !== target) {
    // New criteria reset the selection to the best result.
    setLastTarget(target);
    setActive(null);
  }
  const at = Math.max(
    0,
    results.findIndex(({ ticket_id }) => ticket_id === activeId),
  );
  const active = results[at];
  const opening = useDeferredAction<Choice>({
    target,
    status: target === searchKey(state) ? options.status : "loading",
    run: ({ ticketId, elsewhere }) => {
      const chosen = ticketId === null ? results[0] : results.find(({ ticket_id }) => ticket_id === ticketId);
      if (chosen) onOpen(chosen.ticket_id, elsewhere);
    },
  });

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
  const setText = (text: string) => {
    opening.cancel();
    input.setText(text);
  };
  const open = (elsewhere: boolean) => {
    if (!hasCriteria(wanted)) return;
    if (input.flush()) onSubmit(wanted);
    opening.request({ ticketId: active?.ticket_id === activeId ? activeId : null, elsewhere });
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (isComposing(event.nativeEvent) || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined && results.length > 0) {
      event.preventDefault();
      opening.cancel();
      go(at + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(event.metaKey || event.ctrlKey);
    } else if (event.key === "Escape" && (opening.waiting || input.text !== "")) {
      event.preventDefault();
      if (opening.waiting) opening.cancel();
      else setText("");
    }
  };
  return {
    results,
    active,
    activeOption: active && optionId(listId, active.ticket_id),
    setActive,
    setText,
    onKey,
    cancelOpen: opening.cancel,
  };
}
