import { useCallback, useEffect, useState } from "react";
import { fromDate, isBefore } from "./moments";

/** A life is played in this many boards, fewer if nothing happens for long. */
const STEPS = 60;
const PAUSE_MS = 600;

interface Options {
  at: string;
  first: string;
  last: string;
  /** The board of the moment has not been loaded. */
  busy: boolean;
  /** The time of the next event; null if none follows, undefined if it is not known. */
  next: string | null | undefined;
  onMoment: (at: string) => void;
}

export interface Player {
  playing: boolean;
  toggle: () => void;
  stop: () => void;
}

/** Goes through the moments up to now, and skips the time in which nothing happened. */
export function usePlay({ at, first, last, busy, next, onMoment }: Options): Player {
  /** The length of a step in milliseconds; null while nothing is played. */
  const [step, setStep] = useState<number | null>(null);
  const stop = useCallback(() => setStep(null), []);
  const toggle = useCallback(() => {
    if (step !== null) return stop();
    const again = !isBefore(at, last);
    const from = again ? first : at;
    setStep(Math.max(1_000, (Date.parse(last) - Date.parse(from)) / STEPS));
    if (again) onMoment(first);
  }, [step, stop, at, first, last, onMoment]);

  useEffect(() => {
    if (step === null || busy || next === undefined) return;
    if (!isBefore(at, last)) return stop();
    const timer = setTimeout(() => {
      const planned = fromDate(Date.parse(at) + step);
      if (next === null || !isBefore(planned, last)) onMoment(last);
      else onMoment(isBefore(planned, next) ? next : planned);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [step, busy, next, at, last, stop, onMoment]);

  return { playing: step !== null, toggle, stop };
}
