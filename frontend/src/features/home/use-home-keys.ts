/** The keyboard of Home: one key for each action on the selected item. */
import { useEffect, useMemo, useState } from "react";
import { useShortcuts } from "@/ui/use-shortcuts";
import { type HomeSection, isYesNo } from "./sections";
import type { HomeActions } from "./use-home-actions";

const rowOf = (id: string | undefined) =>
  id === undefined ? null : document.querySelector<HTMLElement>(`[data-home-item="${CSS.escape(id)}"]`);

export function useHomeKeys(sections: readonly HomeSection[], actions: HomeActions, markAll: () => void) {
  const rows = useMemo(() => sections.flatMap(({ name, items }) => items.map((item) => ({ name, item }))), [sections]);
  const [currentId, setCurrent] = useState<string>();
  const [place, setPlace] = useState(0);
  const index = rows.findIndex(({ item }) => item.id === currentId);
  // The item that took the place of one that is gone.
  const row = index >= 0 ? rows[index] : currentId === undefined ? undefined : rows[Math.min(place, rows.length - 1)];
  const current = row?.item;
  useEffect(() => {
    if (index >= 0) setPlace(index);
    else if (currentId !== undefined && current) {
      setCurrent(current.id);
      const active = document.activeElement;
      if (!active || active === document.body) rowOf(current.id)?.focus();
    }
  }, [index, currentId, current]);

  const step = (by: number) => (event: KeyboardEvent) => {
    event.preventDefault();
    const from = row ? rows.indexOf(row) : by > 0 ? -1 : rows.length;
    const next = rows[Math.min(rows.length - 1, Math.max(0, from + by))];
    if (!next) return;
    setCurrent(next.item.id);
    rowOf(next.item.id)?.focus();
    rowOf(next.item.id)?.scrollIntoView({ block: "nearest" });
  };
  const waits = row?.name === "waiting";
  useShortcuts({
    j: step(1),
    k: step(-1),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    Enter: (event) => {
      // Buttons and links have an Enter of their own, and that of a held decision sends it.
      if (event.target instanceof HTMLElement && event.target.closest("a, button, summary, [data-held]")) return;
      rowOf(current?.id)?.querySelector<HTMLElement>("[data-open]")?.click();
    },
    a: () => {
      if (current && waits && isYesNo(current)) actions.decide(current, "approve");
    },
    r: (event) => {
      if (!current) return;
      event.preventDefault();
      if (row?.name === "failed") actions.retry(current);
      else if (waits && isYesNo(current)) void actions.reject(current);
    },
    c: (event) => {
      if (!current) return;
      event.preventDefault();
      if (waits && current.kind !== "review") void actions.answer(current);
      else if (current.kind === "job_silent") void actions.cancel(current);
    },
    e: () => {
      if (current && !waits) actions.markSeen(current);
    },
    E: () => markAll(),
    ...Object.fromEntries(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [
        String(n),
        () => {
          const answer = current?.approval?.options[n - 1];
          if (current && waits && answer) actions.decide(current, "answer", { answer });
        },
      ]),
    ),
  });
  return { currentId: current?.id, setCurrent };
}
