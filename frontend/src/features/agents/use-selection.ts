import { useCallback, useMemo, useRef, useState } from "react";
import type { Lane } from "./lanes";

/** Selected lanes. Lanes that are gone are not selected any more. */
export function useSelection(lanes: readonly Lane[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  const latest = useRef(lanes);
  latest.current = lanes;
  const selected = useMemo(() => lanes.filter(({ id }) => chosen.has(id)), [lanes, chosen]);

  /** Adds or removes a lane; with `range`, adds all from the last one that was chosen. */
  const toggle = useCallback((id: string, range: boolean) => {
    // React may call the update later, when the anchor is another one.
    const ids = latest.current.map((lane) => lane.id);
    const from = anchor.current === null ? -1 : ids.indexOf(anchor.current);
    const to = ids.indexOf(id);
    setChosen((old) => {
      const next = new Set(old);
      if (range && from >= 0 && to >= 0) {
        for (const each of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(each);
      } else if (!next.delete(id)) next.add(id);
      return next;
    });
    anchor.current = id;
  }, []);
  const clear = useCallback(() => {
    anchor.current = null;
    setChosen(new Set());
  }, []);
  return { selected, isSelected: (id: string) => chosen.has(id), toggle, clear };
}
