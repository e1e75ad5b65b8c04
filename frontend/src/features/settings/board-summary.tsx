import { Link } from "@tanstack/react-router";
import { PencilLine } from "lucide-react";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { cssColor } from "@/ui/color";
import { plural } from "@/ui/plural";
import { panelClass, Section } from "@/ui/section";
import { formatMoment } from "@/ui/time";
import { useDraftTime } from "@/ui/use-draft";

/** What the board is made of, with the way to its editor. */
export function BoardSummary({ board, editable }: { board: BoardState; editable: boolean }) {
  const { config, workflow } = board;
  const workflowId = workflow.id;
  const draftFrom = useDraftTime(`workflow.${workflowId}.board`);
  const moves = config.transitions.length;
  return (
    <Section
      title="Board"
      intro="Columns, allowed moves, ticket types and rules."
      action={
        <Button asChild>
          <Link to="/w/$workflowId/settings/board" params={{ workflowId }}>
            {editable ? (
              <>
                <PencilLine /> Edit board
              </>
            ) : (
              "Show board"
            )}
          </Link>
        </Button>
      }
    >
      <div className={`${panelClass} grid gap-2 px-4 py-3`}>
        <ul aria-label="Columns" className="flex flex-wrap gap-1.5">
          {config.columns.map(({ id, name, color }) => (
            <li key={id} className="flex min-w-0 items-center gap-1.5 rounded-md bg-sunken px-2 py-1">
              <span
                aria-hidden="true"
                className="size-2 shrink-0 rounded-full"
                style={{ backgroundColor: cssColor(color) }}
              />
              <span dir="auto" className="truncate">
                {name}
              </span>
            </li>
          ))}
        </ul>
        <p className="text-muted-foreground text-xs">
          {moves === 0 ? "Every move is allowed" : `${plural(moves, "allowed move")}`} ·{" "}
          {plural(config.ticket_types.length, "ticket type")}
        </p>
        {draftFrom !== null && editable && (
          <p data-board-draft className="text-warning text-xs">
            You have unsaved changes from {formatMoment(draftFrom)}.
          </p>
        )}
      </div>
    </Section>
  );
}
