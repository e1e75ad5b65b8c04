/** Held decisions in the page: which there are, and which are shown where they were made. */
import { useEffect, useSyncExternalStore } from "react";
import type { HeldDecision } from "./held-decision";
import { heldDecisions } from "./held-decisions";

export function useHeldDecisions(): readonly HeldDecision[] {
  return useSyncExternalStore(heldDecisions.subscribe, heldDecisions.get);
}

/** The decision about an approval that is held or on its way. */
export function useHeld(approvalId: string | undefined): HeldDecision | undefined {
  return useHeldDecisions().find(({ approval, state }) => approval.id === approvalId && state !== "refused");
}

const placesOf = new Map<string, number>();
const listeners = new Set<() => void>();
let shownInPlace: ReadonlySet<string> = new Set();

function changePlaces(approvalId: string, by: 1 | -1): void {
  placesOf.set(approvalId, (placesOf.get(approvalId) ?? 0) + by);
  if (placesOf.get(approvalId) === 0) placesOf.delete(approvalId);
  shownInPlace = new Set(placesOf.keys());
  for (const listener of listeners) listener();
}

/** Says that a held decision is shown where it was made, while the component is mounted. */
export function useShownInPlace(approvalId: string): void {
  useEffect(() => {
    changePlaces(approvalId, 1);
    return () => changePlaces(approvalId, -1);
  }, [approvalId]);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The ids of the held decisions that are shown where they were made. */
export function usePlaces(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, () => shownInPlace);
}
