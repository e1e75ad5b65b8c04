import type { Milestone } from "@/api/types";
import { dueState, formatDay } from "@/entities/ticket/due";
import { DUE_CLASSES } from "@/entities/ticket/due-mark";

/** The days of a milestone; its due day is marked when it is near or over. */
export function MilestoneDays({ one, today }: { one: Milestone; today: string }) {
  const { starts_on, due_on, is_closed } = one;
  const state = dueState({ due_on, is_resolved: is_closed }, today);
  return (
    <span className="flex items-center gap-1">
      {starts_on && <span>from {formatDay(starts_on, today)}</span>}
      {due_on ? (
        <span className={state ? DUE_CLASSES[state] : ""}>
          {state === "overdue" ? "overdue since" : "due"} {formatDay(due_on, today)}
        </span>
      ) : (
        <span>no due day</span>
      )}
    </span>
  );
}
