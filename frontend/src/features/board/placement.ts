/** Drop positions of a dragged card, shared by mouse, touch and keyboard. Pure functions on lists of ids. */

export interface DropTarget {
  columnId: string;
  /** Drops before the card at this index of the rendered column, which includes the dragged card. */
  index: number;
}

export interface Lane {
  id: string;
  ids: readonly string[];
}

/** The cards above and below a drop position; null when the card would not move. */
export function neighborsAt(
  lanes: readonly Lane[],
  dragged: string,
  target: DropTarget,
): { above: string | undefined; below: string | undefined } | null {
  const lane = lanes.find(({ id }) => id === target.columnId);
  if (!lane) return null;
  const from = lane.ids.indexOf(dragged);
  if (from >= 0 && (target.index === from || target.index === from + 1)) return null;
  return {
    above: lane.ids.slice(0, target.index).findLast((id) => id !== dragged),
    below: lane.ids.slice(target.index).find((id) => id !== dragged),
  };
}

/** The next drop position in the direction of an arrow key; unchanged at the edges. */
export function step(lanes: readonly Lane[], dragged: string, target: DropTarget, key: string): DropTarget {
  const at = lanes.findIndex(({ id }) => id === target.columnId);
  const lane = lanes[at];
  if (!lane) return target;
  // Positions exclude the dragged card, so that each key press is one visible move.
  const position = withoutDragged(lane, dragged, target.index);
  const last = lane.ids.length - (lane.ids.includes(dragged) ? 1 : 0);
  switch (key) {
    case "ArrowUp":
      return gap(lane, dragged, Math.max(0, position - 1));
    case "ArrowDown":
      return gap(lane, dragged, Math.min(last, position + 1));
    case "Home":
      return gap(lane, dragged, 0);
    case "End":
      return gap(lane, dragged, last);
    case "ArrowLeft":
    case "ArrowRight": {
      const next = lanes[key === "ArrowLeft" ? at - 1 : at + 1];
      if (!next) return target;
      const end = next.ids.length - (next.ids.includes(dragged) ? 1 : 0);
      return gap(next, dragged, Math.min(position, end));
    }
    default:
      return target;
  }
}

/** One-based position for the screen reader. */
export function announcedPosition(
  lanes: readonly Lane[],
  dragged: string,
  target: DropTarget,
): { position: number; of: number } {
  const lane = lanes.find(({ id }) => id === target.columnId);
  if (!lane) return { position: 1, of: 1 };
  const others = lane.ids.length - (lane.ids.includes(dragged) ? 1 : 0);
  return { position: withoutDragged(lane, dragged, target.index) + 1, of: others + 1 };
}

function withoutDragged(lane: Lane, dragged: string, index: number): number {
  const from = lane.ids.indexOf(dragged);
  return from >= 0 && index > from ? index - 1 : index;
}

function gap(lane: Lane, dragged: string, position: number): DropTarget {
  const from = lane.ids.indexOf(dragged);
  return { columnId: lane.id, index: from >= 0 && position > from ? position + 1 : position };
}
