import { useEffect, useState } from "react";

/** Whether results are those of the input as it is, are still to come, or could not be loaded. */
export type ResultStatus = "loading" | "ready" | "failed";

interface Options<Argument> {
  /** Identifies the input. Another input cancels the action. */
  target: string;
  status: ResultStatus;
  run: (argument: Argument) => void;
}

export interface DeferredAction<Argument> {
  /** Runs the action at once, or as soon as the results have come. */
  request: (argument: Argument) => void;
  waiting: boolean;
  cancel: () => void;
}

/**
 * An action on results that may still be loading, such as Enter in a search input: it is neither lost nor applied to the
 * results of an earlier input. Failed results cancel it.
 */
export function useDeferredAction<Argument>({ target, status, run }: Options<Argument>): DeferredAction<Argument> {
  const [pending, setPending] = useState<{ target: string; argument: Argument } | null>(null);
  useEffect(() => {
    if (!pending) return;
    const isCurrent = pending.target === target;
    if (isCurrent && status === "loading") return;
    setPending(null);
    if (isCurrent && status === "ready") run(pending.argument);
  });
  return {
    request: (argument) => {
      if (status === "ready") run(argument);
      else if (status === "loading") setPending({ target, argument });
    },
    waiting: pending !== null,
    cancel: () => setPending(null),
  };
}
