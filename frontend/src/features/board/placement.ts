/** Where a dragged card would go: pure arithmetic on lists of ids, the same for mouse, touch and keyboard. */

export interface DropTarget {
  columnId: string;
  /** The gap it would be dropped into: before the card at this index of the column as drawn, dragged card included. */
  index: number;
}

export interface Lane {
  id: string;
  ids: readonly string[];
}

/** The cards it would lie between, or null when it would stay where it is. */
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

/** The next gap in the direction of an arrow key; the same one where there is nothing further. */
export function step(lanes: readonly Lane[], dragged: string, target: DropTarget, key: string): DropTarget {
  const at = lanes.findIndex(({ id }) => id === target.columnId);
  const lane = lanes[at];
  if (!lane) return target;
  // Counted without the dragged card, each key press is one visible move.
  const place = withoutDragged(lane, dragged, target.index);
  const last = lane.ids.length - (lane.ids.includes(dragged) ? 1 : 0);
  switch (key) {
    case "ArrowUp":
      return gap(lane, dragged, Math.max(0, place - 1));
    case "ArrowDown":
      return gap(lane, dragged, Math.min(last, place + 1));
    case "Home":
      return gap(lane, dragged, 0);
    case "End":
      return gap(lane, dragged, last);
    case "ArrowLeft":
    case "ArrowRight": {
      const next = lanes[key === "ArrowLeft" ? at - 1 : at + 1];
      if (!next) return target;
      const room = next.ids.length - (next.ids.includes(dragged) ? 1 : 0);
      return gap(next, dragged, Math.min(place, room));
    }
    default:
      return target;
  }
}

/** The position to say aloud, counting from one. */
export function announcedPosition(
  lanes: readonly Lane[],
  dragged: string,
  target: DropTarget,
): { place: number; of: number } {
  const lane = lanes.find(({ id }) => id === target.columnId);
  if (!lane) return { place: 1, of: 1 };
  const others = lane.ids.length - (lane.ids.includes(dragged) ? 1 : 0);
  return { place: withoutDragged(lane, dragged, target.index) + 1, of: others + 1 };
}

function withoutDragged(lane: Lane, dragged: string, index: number): number {
  const from = lane.ids.indexOf(dragged);
  return from >= 0 && index > from ? index - 1 : index;
}

function gap(lane: Lane, dragged: string, place: number): DropTarget {
  const from = lane.ids.indexOf(dragged);
  return { columnId: lane.id, index: from >= 0 && place > from ? place + 1 : place };
}
