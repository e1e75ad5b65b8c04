import { CircleCheck, CircleX, X } from "lucide-react";
import { Button } from "@/ui/button";
import { ACTION_PARTS } from "./action-parts";
import { LANE_ACTIONS, type LaneAction, laneActions } from "./lane-actions";
import type { Lane } from "./lanes";
import type { Run } from "./use-lane-commands";

interface Props {
  selected: readonly Lane[];
  editable: boolean;
  run: Run | null;
  onAction: (action: LaneAction) => void;
  onClear: () => void;
  onCloseRun: () => void;
}

/** Actions on the selected lanes, and what the last one did to each. */
export function BulkBar({ selected, editable, run, onAction, onClear, onCloseRun }: Props) {
  if (selected.length === 0 && !run) return null;
  const possible = new Set(selected.flatMap((lane) => laneActions(lane)));
  return (
    <div className="pointer-events-none sticky bottom-3 z-10 mt-auto flex justify-center px-3">
      <div className="pointer-events-auto grid max-w-full gap-2 rounded-xl border bg-surface p-2 shadow-pop">
        {run && <Results run={run} onClose={onCloseRun} />}
        {selected.length > 0 && (
          <section aria-label="Selected lanes" className="flex flex-wrap items-center gap-1.5">
            <span className="tabular px-1.5 font-medium" aria-live="polite">
              {selected.length} selected
            </span>
            {editable &&
              LANE_ACTIONS.filter((action) => possible.has(action)).map((action) => (
                <Button
                  key={action}
                  size="sm"
                  variant={action === "cancel" ? "danger" : "outline"}
                  onClick={() => onAction(action)}
                >
                  {ACTION_PARTS[action].icon} {ACTION_PARTS[action].name}
                </Button>
              ))}
            <Button size="sm" variant="ghost" onClick={onClear}>
              <X /> Clear
            </Button>
          </section>
        )}
      </div>
    </div>
  );
}

function summary(results: Run["results"]): string {
  const done = results.filter(({ ok }) => ok).length;
  return done === results.length ? `${done} done` : `${done} done, ${results.length - done} not`;
}

function Results({ run: { total, results }, onClose }: { run: Run; onClose: () => void }) {
  return (
    <section aria-label="Results" className="grid gap-1">
      <div className="flex items-center gap-2 pl-1.5 text-xs">
        <span className="tabular font-medium">
          {results.length < total ? `${results.length} of ${total}…` : summary(results)}
        </span>
        <Button variant="ghost" size="icon-sm" aria-label="Close results" className="ml-auto" onClick={onClose}>
          <X />
        </Button>
      </div>
      <ul className="scroll-thin grid max-h-44 gap-0.5 overflow-y-auto px-1.5 text-xs">
        {results.map(({ laneId, name, ok, text }) => (
          <li key={laneId} data-result={ok ? "done" : "failed"} className="flex items-start gap-1.5">
            {ok ? (
              <CircleCheck className="mt-0.5 size-3.5 shrink-0 text-success" aria-hidden="true" />
            ) : (
              <CircleX className="mt-0.5 size-3.5 shrink-0 text-danger" aria-hidden="true" />
            )}
            <span dir="auto" className="min-w-0 max-w-64 shrink-0 truncate">
              {name}
            </span>
            <span className={ok ? "text-muted-foreground" : "text-danger"}>{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
