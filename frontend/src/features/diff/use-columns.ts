import { type RefObject, useLayoutEffect, useState } from "react";
import type { Mode } from "./model/rows";

interface Options {
  scroller: RefObject<HTMLElement | null>;
  /** A text of 100 characters in the font of the lines. */
  ruler: RefObject<HTMLElement | null>;
  mode: Mode;
  narrow: boolean;
  /** The digits of the highest line number. */
  digits: number;
}

/** The width that a number takes, in characters. */
export const numberWidth = (digits: number): number => Math.max(digits, 2) + 2;
const SIGN = 2;
const PADDING = 1;

/** How many characters fit into a line. */
export function useColumns({ scroller, ruler, mode, narrow, digits }: Options): number {
  const [size, setSize] = useState({ width: 0, character: 7.2 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => {
      const hundred = ruler.current?.getBoundingClientRect().width ?? 0;
      // The padding of the list and the borders of the lines.
      const width = element.clientWidth - (narrow ? 2 : 26);
      const character = hundred > 0 ? hundred / 100 : 7.2;
      setSize((old) => (old.width === width && old.character === character ? old : { width, character }));
    };
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, ruler, narrow]);
  const { width, character } = size;
  const numbers = mode === "split" || narrow ? 1 : 2;
  const room = (mode === "split" ? width / 2 - 1 : width) / character;
  return Math.max(10, Math.floor(room - numbers * numberWidth(digits) - SIGN - PADDING));
}
