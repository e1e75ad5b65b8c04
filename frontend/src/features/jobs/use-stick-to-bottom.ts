/** Keeps a growing list scrolled to the bottom until the user scrolls up. */
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Scrolling down to within this distance sticks to the bottom again. */
const NEAR_BOTTOM_PX = 32;
/** Rows are measured after rendering, so the height settles over several frames. */
const SETTLE_FRAMES = 4;
/** How long after an input scrolling counts as the user's: touch momentum, scrollbar drags, and keys such as Tab. */
const INPUT_MS = 1_500;
/**
 * How long after an input that scrolls up nothing but another input sticks again. Its animation begins near the bottom, where
 * the virtualizer, when it measures rows, also scrolls down.
 */
const RELEASE_MS = 500;

/**
 * Input that scrolls up releases the list before the scroll starts. Browsers animate keyboard and wheel scrolling, and any
 * write to `scrollTop` cancels the animation, so waiting for the scroll event would lose the user's input.
 */
export function useStickToBottom(scroller: RefObject<HTMLElement | null>, ready: boolean, content: readonly unknown[]) {
  const stuck = useRef(true);
  const lastTop = useRef(0);
  const lastInput = useRef(Number.NEGATIVE_INFINITY);
  const lastRelease = useRef(Number.NEGATIVE_INFINITY);
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

  // Fonts, wrapping and the page around it change heights without new content, on a slow machine after the last frame.
  useEffect(() => {
    const element = scroller.current;
    if (!ready || !element) return;
    const observer = new ResizeObserver(toBottom);
    for (const box of [element, ...element.children]) observer.observe(box);
    return () => observer.disconnect();
  }, [ready, scroller, toBottom]);

  const setStuck = (next: boolean) => {
    stuck.current = next;
    setAway(!next);
  };
  const release = () => {
    lastRelease.current = performance.now();
    if ((scroller.current?.scrollTop ?? 0) > 0) setStuck(false);
  };
  const jumpToBottom = () => {
    lastInput.current = Number.NEGATIVE_INFINITY;
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
    const isReleased = performance.now() - lastRelease.current < RELEASE_MS;
    if (scrollTop > lastTop.current && near && !isReleased) setStuck(true);
    const byUser = performance.now() - lastInput.current < INPUT_MS;
    if (scrollTop < lastTop.current && !near && byUser) setStuck(false);
    lastTop.current = scrollTop;
    // The virtualizer also scrolls, when it measures rows; on a slow machine that comes after the last settle frame.
    if (!byUser) toBottom();
  };
  const onInput = () => {
    lastInput.current = performance.now();
    lastRelease.current = Number.NEGATIVE_INFINITY;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.ctrlKey || event.altKey ? "" : event.key;
    const pagesUp = key === " " && event.shiftKey && event.target === event.currentTarget;
    if (key === "Home" || key === "End") {
      event.preventDefault();
      if (key === "Home") jumpToTop();
      else jumpToBottom();
    } else if (key === "ArrowUp" || key === "PageUp" || pagesUp) release();
    else onInput();
  };
  const handlers = {
    onScroll,
    onKeyDown,
    onWheel: ({ deltaY }: { deltaY: number }) => {
      if (deltaY < 0) release();
      else lastRelease.current = Number.NEGATIVE_INFINITY;
    },
    onTouchMove: onInput,
    onPointerDown: onInput,
    onPointerMove: ({ buttons }: { buttons: number }) => {
      if (buttons > 0) onInput();
    },
  };
  return { away, jumpToBottom, handlers };
}

function distanceToBottom(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}
