import { useQuery } from "@tanstack/react-query";
import { imports } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Progress } from "@/ui/progress";
import { stepText } from "./messages";

const INTERVAL_MS = 1_000;

/** How far the running import is, or the one that only counts. Shown while it runs, so that the next one starts empty. */
export function ImportProgress({ workflowId }: { workflowId: string }) {
  const { data: step } = useQuery({
    queryKey: queryKeys.importProgress(workflowId),
    queryFn: ({ signal }) => imports.progress(workflowId, signal),
    refetchInterval: INTERVAL_MS,
    // What an earlier import had reached says nothing of this one.
    gcTime: 0,
  });
  if (!step) return null;
  return (
    <div className="grid gap-1.5">
      <p className="tabular text-muted-foreground text-xs">{stepText(step)}</p>
      <Progress value={(100 * step.done) / Math.max(1, step.total)} label="Progress of the import" />
    </div>
  );
}
