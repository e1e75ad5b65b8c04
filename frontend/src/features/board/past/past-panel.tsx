import { useMemo } from "react";
import { explain } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { Column } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { groupChanges } from "./board-changes";
import { ChangesPanel, PanelHeader } from "./changes-panel";
import { type Comparison, comparedMoments } from "./comparison";
import { PastTicket } from "./past-ticket";
import { explainPast, useBoardChanges } from "./use-past-board";
import type { Selection } from "./use-selection";

interface Props {
  workflowId: string;
  at: string;
  first: string;
  last: string;
  comparison: Comparison;
  onComparison: (comparison: Comparison) => void;
  board: BoardState;
  /** The columns of this board and of the present one. */
  columns: readonly Column[];
  nameOf: NameOf;
  enabled: boolean;
  selection: Selection;
  onOpen: (ticketId: string) => void;
  onClose: () => void;
}

/** Beside the board: what changed, or one ticket of the moment. On a phone it covers the board. */
export function PastPanel(props: Props) {
  const { workflowId, at, comparison, board, columns, nameOf, selection, onOpen, onClose } = props;
  const { from, to } = comparedMoments(comparison, at, props.first, props.last);
  const changes = useBoardChanges(workflowId, from, to, props.enabled);
  const { data } = changes;
  const groups = useMemo(() => data && groupChanges(data, { columns, nameOf }), [data, columns, nameOf]);
  return (
    <aside
      aria-label="Changes"
      className="absolute inset-0 z-20 flex flex-col border-l bg-surface md:static md:w-80 md:shrink-0"
    >
      {selection.card ? (
        <>
          <PanelHeader onClose={onClose}>Ticket</PanelHeader>
          <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
            <PastTicket
              card={selection.card}
              at={at}
              config={board.config}
              nameOf={nameOf}
              onBack={selection.leaveTicket}
              onOpen={onOpen}
            />
          </div>
        </>
      ) : (
        <ChangesPanel
          comparison={comparison}
          onComparison={props.onComparison}
          from={from}
          to={to ?? null}
          groups={groups}
          hasMore={data?.has_more ?? false}
          loading={changes.isFetching}
          error={
            changes.error
              ? changes.error.name === "Problem"
                ? explainPast(changes.error).text
                : explain(changes.error)
              : null
          }
          onRetry={() => void changes.refetch()}
          current={selection.current}
          absent={selection.absent}
          onEntry={selection.showEntry}
          onOpen={onOpen}
          onClose={onClose}
        />
      )}
    </aside>
  );
}
