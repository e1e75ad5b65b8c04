/** Keeps a growing list scrolled to the bottom until the user scrolls up. */
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Scrolling down to within this distance sticks to the bottom again. */
const NEAR_BOTTOM_PX = 32;
/** Rows are measured after rendering, so the height settles over several frames. */
const SETTLE_FRAMES = 4;
/** How long touch momentum and scrollbar drags count as user scrolling. */
const DRAG_MS = 1_500;

/**
 * Input that scrolls up releases the list before the scroll starts. Browsers animate keyboard and wheel scrolling, and any
 * write to `scrollTop` cancels the animation, so waiting for the scroll event would lose the user's input.
 */
export function useStickToBottom(scroller: RefObject<HTMLElement | null>, ready: boolean, content: readonly unknown[]) {
  const stuck = useRef(true);
  const lastTop = useRef(0);
  const lastDrag = useRef(Number.NEGATIVE_INFINITY);
  const [away, setAway] = useState(false);

  const toBottom = useCallback(() => {
    const element = scroller.current;
    if (element && stuck.current && distanceToBottom(element) >= 1) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!ready) return;
    let left = SETTLE_FRAMES;
    let frame = requestAnimationFrame(function settle() {
      toBottom();
      left -= 1;
      if (left > 0) frame = requestAnimationFrame(settle);
    });
    return () => cancelAnimationFrame(frame);
  }, [ready, toBottom, ...content]);

  const setStuck = (next: boolean) => {
    stuck.current = next;
    setAway(!next);
  };
  const release = () => {
    if ((scroller.current?.scrollTop ?? 0) > 0) setStuck(false);
  };
  const jumpToBottom = () => {
    setStuck(true);
    toBottom();
  };
  const jumpToTop = () => {
    release();
    scroller.current?.scrollTo({ top: 0, behavior: "instant" });
  };

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop } = element;
    const near = distanceToBottom(element) < NEAR_BOTTOM_PX;
    if (scrollTop > lastTop.current && near) setStuck(true);
    const dragging = performance.now() - lastDrag.current < DRAG_MS;
    if (scrollTop < lastTop.current && !near && dragging) setStuck(false);
    lastTop.current = scrollTop;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey) return;
    if (event.key === "ArrowUp" || event.key === "PageUp") release();
    if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      if (event.key === "Home") jumpToTop();
      else jumpToBottom();
    }
  };
  const onDrag = () => {
    lastDrag.current = performance.now();
  };
  const handlers = {
    onScroll,
    onKeyDown,
    onWheel: ({ deltaY }: { deltaY: number }) => {
      if (deltaY < 0) release();
    },
    onTouchMove: onDrag,
    onPointerDown: onDrag,
    onPointerMove: ({ buttons }: { buttons: number }) => {
      if (buttons > 0) onDrag();
    },
  };
  return { away, jumpToBottom, handlers };
}

function distanceToBottom(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}
