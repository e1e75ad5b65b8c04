/** Keeps a list that grows at its end in sight, until a hand scrolls away from there. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** So near to the end one wants to see what comes. */
const NEAR_END = 32;
/** How long a movement of the hand goes on scrolling. */
const HAND_MS = 1_500;
/** Rows are measured after they were drawn, and the list scrolls itself meanwhile: the last word is ours. */
const FRAMES = 4;

export function useStickToBottom(scroller: RefObject<HTMLElement | null>, ready: boolean, grown: readonly unknown[]) {
  const pinned = useRef(true);
  const moved = useRef(Number.NEGATIVE_INFINITY);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element && pinned.current) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!ready) return;
    let left = FRAMES;
    let frame = requestAnimationFrame(function settle() {
      toEnd();
      left -= 1;
      if (left > 0) frame = requestAnimationFrame(settle);
    });
    return () => cancelAnimationFrame(frame);
  }, [ready, toEnd, ...grown]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    if (performance.now() - moved.current < HAND_MS) {
      pinned.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    }
    setAway(!pinned.current);
  };
  const hand = () => {
    moved.current = performance.now();
  };
  const go = () => {
    pinned.current = true;
    moved.current = Number.NEGATIVE_INFINITY;
    setAway(false);
    toEnd();
  };
  const handlers = {
    onScroll,
    onWheel: hand,
    onTouchMove: hand,
    onKeyDown: hand,
    onPointerDown: hand,
    onPointerMove: (event: { buttons: number }) => {
      if (event.buttons > 0) hand();
    },
  };
  return { away, go, handlers };
}
