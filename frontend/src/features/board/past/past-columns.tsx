import { memo, type RefObject, useCallback, useMemo } from "react";
import type { NameOf } from "@/api/hooks";
import type { Attentions } from "@/live/state/attention";
import { type BoardState, columnTotal } from "@/live/state/board";
import { cn } from "@/ui/cn";
import { BoardContext, type BoardShared } from "../board-context";
import { BoardColumn, type ColumnHandle } from "../column";

export type ColumnHandles = Map<string, ColumnHandle>;

interface Props {
  board: BoardState;
  /** The ids that each column shows. */
  shown: ReadonlyMap<string, readonly string[]>;
  collapsed: ReadonlySet<string>;
  onCollapse: (columnId: string) => void;
  nameOf: NameOf;
  /** The day of this moment in the workflow's time zone. */
  day: string;
  /** The highlighted card. */
  current: string | undefined;
  /** Another board is being loaded. */
  stale: boolean;
  handles: RefObject<ColumnHandles>;
  onSelect: (ticketId: string) => void;
}

const nothing = () => undefined;

/** The columns of a board that nobody can change. Memoized: events of the live board must not render it again. */
export const PastColumns = memo(function PastColumns(props: Props) {
  const { board, day, shown, collapsed, onCollapse, nameOf, current, stale, handles, onSelect } = props;
  const { config } = board;
  const shared: BoardShared = useMemo(
    () => ({
      columns: config.columns,
      types: new Map(config.ticket_types.map((type) => [type.id, type])),
      milestones: board.milestones,
      today: day,
      nameOf,
      editable: false,
      open: onSelect,
      openJob: nothing,
      retryJob: null,
      showMenu: null,
      showOlder: async () => undefined,
    }),
    [config.columns, config.ticket_types, board.milestones, day, nameOf, onSelect],
  );
  const register = useCallback(
    (columnId: string, handle: ColumnHandle | null) => {
      if (handle) handles.current.set(columnId, handle);
      else handles.current.delete(columnId);
    },
    [handles],
  );
  return (
    <BoardContext.Provider value={shared}>
      <section
        aria-label="Columns"
        data-testid="past-columns"
        data-seq={board.seq}
        aria-busy={stale}
        className={cn(
          "scroll-thin flex min-h-0 flex-1 snap-x snap-proximity gap-2.5 overflow-x-auto overflow-y-hidden px-3 pb-3 transition-opacity delay-150 sm:snap-none",
          stale && "opacity-60",
        )}
      >
        {config.columns.map((column) => (
          <BoardColumn
            key={column.id}
            column={column}
            ids={shown.get(column.id) ?? NO_TICKETS}
            cards={board.cards}
            work={board.jobByTicket}
            attentions={NO_ATTENTIONS}
            total={columnTotal(board, column.id)}
            leftOut={board.leftOut.get(column.id)}
            collapsed={collapsed.has(column.id)}
            gap={null}
            openTicketId={current}
            onCollapse={onCollapse}
            onNew={nothing}
            register={register}
          />
        ))}
      </section>
    </BoardContext.Provider>
  );
});

const NO_TICKETS: readonly string[] = [];
/** What needed attention in the past is not known. */
const NO_ATTENTIONS: Attentions = new Map();
