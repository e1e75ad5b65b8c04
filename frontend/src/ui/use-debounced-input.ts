import { useEffect, useRef, useState } from "react";

export interface DebouncedInput {
  text: string;
  setText: (text: string) => void;
  /** Applies the text at once; false if it was applied already. */
  flush: () => boolean;
}

/**
 * The text of an input that is applied after a pause in typing. It follows changes of `value` from elsewhere, such as
 * the back button, but never returns to a text that it has applied itself: typing may have continued meanwhile.
 */
export function useDebouncedInput(value: string, onApply: (text: string) => void, delay: number): DebouncedInput {
  const [text, setText] = useState(value);
  // The value, then the texts that were applied since and that it has not reached yet.
  const applied = useRef([value]);
  useEffect(() => {
    const at = applied.current.indexOf(value);
    if (at >= 0) {
      applied.current.splice(0, at);
      return;
    }
    applied.current = [value];
    setText(value);
  }, [value]);
  const flush = () => {
    const next = text.trim();
    if (next === applied.current.at(-1)?.trim()) return false;
    applied.current.push(next);
    onApply(next);
    return true;
  };
  const latest = useRef(flush);
  useEffect(() => {
    latest.current = flush;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing restarts the pause
  useEffect(() => {
    const timer = setTimeout(() => latest.current(), delay);
    return () => clearTimeout(timer);
  }, [text, delay]);
  return { text, setText, flush };
}
