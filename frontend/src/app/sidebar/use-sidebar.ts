import { useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useWorkflows } from "@/api/hooks";
import type { Workflow } from "@/api/types";
import { stored, useStored } from "@/ui/stored";
import { useMedia } from "@/ui/use-media";
import { boardUse, recordUse, sortBoards } from "./boards";

const choice = stored<boolean | null>("callboard.sidebar.collapsed", (value) =>
  typeof value === "boolean" ? value : null,
);

/** Whether the sidebar shows only icons: as it was last chosen, or else on narrow screens. */
export function useCollapsedSidebar(): [boolean, () => void] {
  const narrow = !useMedia("(min-width: 64rem)");
  const collapsed = useStored(choice) ?? narrow;
  return [collapsed, () => choice.set(!collapsed)];
}

export interface Boards {
  all: readonly Workflow[];
  /** The open workflow, or the one that was open last. Its pages stay in the sidebar on pages of no workflow. */
  current: Workflow | undefined;
  loading: boolean;
  error: Error | null;
}

export function useBoards(): Boards {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const { data, isPending, error } = useWorkflows();
  const { pinned, used } = useStored(boardUse);
  useEffect(() => {
    if (workflowId) recordUse(workflowId);
  }, [workflowId]);
  // A board does not move under the pointer when it is opened: the order of use is that of when the page was loaded.
  const [usedBefore] = useState(used);
  const all = useMemo(() => sortBoards(data ?? [], { pinned, used: usedBefore }), [data, pinned, usedBefore]);
  const find = (id: string | undefined) => (id ? data?.find((workflow) => workflow.id === id) : undefined);
  const current = find(workflowId) ?? (workflowId ? undefined : (find(used[0]) ?? all[0]));
  return { all, current, loading: isPending, error };
}
