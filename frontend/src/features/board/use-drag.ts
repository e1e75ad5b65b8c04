/** Drag and drop by mouse, touch and keyboard, with screen reader announcements. */
import {
  type Announcements,
  type CollisionDetection,
  type DragEndEvent,
  type DragStartEvent,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Card } from "@/api/types";
import { announce } from "@/ui/announcer";
import type { ColumnHandle } from "./column";
import { announcedPosition, type DropTarget, type Lane, neighborsAt, step } from "./placement";

interface Options {
  lanes: readonly Lane[];
  cards: ReadonlyMap<string, Card>;
  nameOfColumn: (id: string) => string;
  onDrop: (card: Card, to: string, above: Card | undefined, below: Card | undefined) => void;
}

const MOVE_KEYS = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

// Other options, even equal ones, would make dnd-kit render every card again.
const BY_MOUSE = { activationConstraint: { distance: 5 } };
const BY_TOUCH = { activationConstraint: { delay: 220, tolerance: 8 } };

export function useDrag(options: Options) {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const handles = useRef(new Map<string, ColumnHandle>());
  const [active, setActive] = useState<Card | null>(null);
  const [target, setTargetState] = useState<DropTarget | null>(null);
  const targetRef = useRef<DropTarget | null>(null);
  const byKeyboard = useRef(false);
  const pointerY = useRef(0);

  const setTarget = useCallback((next: DropTarget | null) => {
    const old = targetRef.current;
    targetRef.current = next;
    if (old?.columnId !== next?.columnId || old?.index !== next?.index) setTargetState(next);
  }, []);

  const register = useCallback((columnId: string, handle: ColumnHandle | null) => {
    if (handle) handles.current.set(columnId, handle);
    else handles.current.delete(columnId);
  }, []);

  // dnd-kit's coordinates shift while lists scroll during a drag, so the pointer position is tracked here.
  useEffect(() => {
    const follow = (event: MouseEvent | TouchEvent) => {
      const point = "touches" in event ? event.touches[0] : event;
      if (point) pointerY.current = point.clientY;
    };
    window.addEventListener("mousemove", follow, { capture: true, passive: true });
    window.addEventListener("touchmove", follow, { capture: true, passive: true });
    return () => {
      window.removeEventListener("mousemove", follow, { capture: true });
      window.removeEventListener("touchmove", follow, { capture: true });
    };
  }, []);

  const coordinateGetter: KeyboardCoordinateGetter = useCallback(
    (event, { active: id, currentCoordinates }) => {
      if (!MOVE_KEYS.has(event.code) || !targetRef.current) return undefined;
      event.preventDefault();
      const { lanes, nameOfColumn } = latest.current;
      const next = step(lanes, String(id), targetRef.current, event.code);
      setTarget(next);
      const { position, of } = announcedPosition(lanes, String(id), next);
      announce(`${nameOfColumn(next.columnId)}, position ${position} of ${of}.`);
      return handles.current.get(next.columnId)?.reveal(next.index) ?? currentCoordinates;
    },
    [setTarget],
  );

  const keyboard = useMemo(() => ({ coordinateGetter, scrollBehavior: "auto" as const }), [coordinateGetter]);
  const sensors = useSensors(
    useSensor(MouseSensor, BY_MOUSE),
    useSensor(TouchSensor, BY_TOUCH),
    useSensor(KeyboardSensor, keyboard),
  );

  const collisions: CollisionDetection = useCallback((args) => {
    if (!byKeyboard.current) return pointerWithin(args);
    return targetRef.current ? [{ id: targetRef.current.columnId }] : [];
  }, []);

  const onDragStart = useCallback(
    ({ active: dragged, activatorEvent }: DragStartEvent) => {
      const card = latest.current.cards.get(String(dragged.id));
      if (!card) return;
      byKeyboard.current = activatorEvent instanceof KeyboardEvent;
      setActive(card);
      const lane = latest.current.lanes.find(({ id }) => id === card.status);
      const index = lane?.ids.indexOf(card.ticket_id) ?? -1;
      setTarget(lane && index >= 0 ? { columnId: lane.id, index } : null);
    },
    [setTarget],
  );

  const onDragMove = useCallback(
    ({ over }: { over: { id: string | number } | null }) => {
      if (byKeyboard.current) return;
      if (!over) return setTarget(null);
      const columnId = String(over.id);
      setTarget({ columnId, index: handles.current.get(columnId)?.gapAt(pointerY.current) ?? 0 });
    },
    [setTarget],
  );

  const finish = useCallback(() => {
    setActive(null);
    setTarget(null);
  }, [setTarget]);

  const onDragEnd = useCallback(
    ({ active: dragged }: DragEndEvent) => {
      const { lanes, cards, onDrop } = latest.current;
      const id = String(dragged.id);
      const card = cards.get(id);
      const goal = targetRef.current;
      const between = goal && neighborsAt(lanes, id, goal);
      finish();
      if (card && goal && between) {
        // A collapsed column has no visible positions, so the card goes to its end.
        const seen = handles.current.has(goal.columnId);
        const find = (other: string | undefined) => (seen && other ? cards.get(other) : undefined);
        onDrop(card, goal.columnId, find(between.above), find(between.below));
      }
      if (byKeyboard.current) returnFocus(id);
    },
    [finish],
  );

  const announcements: Announcements = useMemo(() => {
    const key = (id: string | number) => latest.current.cards.get(String(id))?.key ?? "Ticket";
    return {
      onDragStart: ({ active: { id } }) => `Picked up ${key(id)}. Use the arrow keys to move it.`,
      onDragOver: () => undefined,
      onDragEnd: ({ active: { id } }) => {
        const goal = targetRef.current;
        if (!goal || !neighborsAt(latest.current.lanes, String(id), goal)) return `${key(id)} was not moved.`;
        return `${key(id)} dropped in ${latest.current.nameOfColumn(goal.columnId)}.`;
      },
      onDragCancel: ({ active: { id } }) => `Move of ${key(id)} cancelled.`,
    };
  }, []);

  return {
    active,
    target,
    register,
    dnd: {
      sensors,
      collisionDetection: collisions,
      onDragStart,
      onDragMove,
      onDragOver: onDragMove,
      onDragEnd,
      onDragCancel: finish,
      accessibility: { announcements, screenReaderInstructions: { draggable: INSTRUCTIONS } },
    },
  };
}

const INSTRUCTIONS =
  "Press space to pick up the ticket, the arrow keys to move it, space to drop it, and escape to cancel.";

/** Focuses the card's handle again after the card was rendered in another column. */
function returnFocus(ticketId: string, tries = 12): void {
  requestAnimationFrame(() => {
    const handle = document.querySelector<HTMLElement>(`[data-handle="${CSS.escape(ticketId)}"]`);
    if (document.activeElement !== handle) handle?.focus();
    if (tries > 0) returnFocus(ticketId, tries - 1);
  });
}
