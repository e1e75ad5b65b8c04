import { useMemo } from "react";
import { useActors } from "@/api/hooks";
import { todayIn } from "@/entities/ticket/due";
import type { Attentions } from "@/live/state/attention";
import { type BoardState, columnTotal } from "@/live/state/board";
import { BoardContext, type BoardShared } from "./board-context";
import { BoardColumn } from "./column";

const nothing = () => undefined;
const NO_TICKETS: readonly string[] = [];
const NO_ATTENTIONS: Attentions = new Map();

/** The columns of a board that is only looked at, as in the preview of the board editor. */
export function PreviewColumns({ board }: { board: BoardState }) {
  const { config, workflow } = board;
  const { nameOf } = useActors(workflow.id);
  const shared: BoardShared = useMemo(
    () => ({
      columns: config.columns,
      types: new Map(config.ticket_types.map((type) => [type.id, type])),
      milestones: board.milestones,
      today: todayIn(workflow.time_zone),
      nameOf,
      editable: false,
      open: nothing,
      openJob: nothing,
      retryJob: null,
      showMenu: null,
      showOlder: async () => undefined,
    }),
    [config.columns, config.ticket_types, board.milestones, workflow.time_zone, nameOf],
  );
  return (
    <BoardContext.Provider value={shared}>
      <div className="flex h-full gap-2.5">
        {config.columns.map((column) => (
          <BoardColumn
            key={column.id}
            column={column}
            ids={board.order.get(column.id) ?? NO_TICKETS}
            cards={board.cards}
            work={board.jobByTicket}
            attentions={NO_ATTENTIONS}
            total={columnTotal(board, column.id)}
            leftOut={board.leftOut.get(column.id)}
            collapsed={false}
            gap={null}
            openTicketId={undefined}
            onCollapse={nothing}
            onNew={nothing}
            register={nothing}
          />
        ))}
      </div>
    </BoardContext.Provider>
  );
}
