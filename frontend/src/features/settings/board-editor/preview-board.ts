/**
 * A board as a draft would make it, with the tickets where they would be. Pure. Its columns have their keys as ids: while
 * somebody types an id, it may be another column's.
 */

import type { BoardState } from "@/live/state/board";
import type { LeftOut } from "@/live/state/left-out";
import { toConfig } from "./board-change";
import { columnName, type Draft, sourcesOf, typeName } from "./draft";

export function previewBoard(board: BoardState, draft: Draft): BoardState {
  const config = toConfig(draft);
  const order = new Map<string, readonly string[]>();
  const leftOut = new Map<string, LeftOut>();
  config.columns = config.columns.map((column, at) => {
    const own = draft.columns[at];
    if (!own) return column;
    const sources = [own.id, ...sourcesOf(draft, own.key)].flatMap((id) => id ?? []);
    const lists = sources.map((id) => board.order.get(id) ?? []);
    order.set(own.key, lists.length === 1 ? (lists[0] ?? []) : lists.flat());
    const hidden = sources.flatMap((id) => board.leftOut.get(id) ?? []);
    if (hidden.length > 0) {
      const count = hidden.reduce((sum, each) => sum + each.count, 0);
      // Older tickets are not loaded into a preview.
      leftOut.set(own.key, { count, capped: hidden.some(({ capped }) => capped), cursor: null });
    }
    const wip = Number(column.wip_limit);
    return { ...column, id: own.key, name: columnName(own), wip_limit: wip >= 1 ? wip : null };
  });
  config.ticket_types = config.ticket_types.map((type) => ({ ...type, name: typeName(type) }));
  return { ...board, config, order, leftOut };
}
