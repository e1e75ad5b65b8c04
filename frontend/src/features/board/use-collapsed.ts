import { useCallback, useState } from "react";

/** Collapsed columns of a workflow, stored in this browser. */
export function useCollapsed(workflowId: string): [ReadonlySet<string>, (columnId: string) => void] {
  const key = `callboard.collapsed.${workflowId}`;
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(() => read(key));
  const toggle = useCallback(
    (columnId: string) =>
      setCollapsed((old) => {
        const next = new Set(old);
        if (!next.delete(columnId)) next.add(columnId);
        try {
          localStorage.setItem(key, JSON.stringify([...next]));
        } catch {
          // Storage is unavailable; the state lasts until reload.
        }
        return next;
      }),
    [key],
  );
  return [collapsed, toggle];
}

function read(key: string): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : []);
  } catch {
    return new Set();
  }
}
