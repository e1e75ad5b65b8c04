import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useSyncExternalStore } from "react";
import { messages } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import type { Lane } from "./lanes";
import { type LastLines, lastLineOf } from "./last-lines";

/** What its worker said last, what it asks, or why nothing happens. */
export function LaneLine({ lane, lines }: { lane: Lane; lines: LastLines }) {
  const { section, job, approval, finding } = lane;
  if (finding) return <Line tone="text-danger" text={`${finding.message} ${finding.suggestion?.message ?? ""}`} />;
  if (approval) {
    return (
      <Link
        to="/approvals"
        search={{ focus: approval.id }}
        className="block truncate text-warning text-xs underline-offset-2 hover:underline"
      >
        Asks: <VisibleText text={approval.question} />
      </Link>
    );
  }
  if (!job) return null;
  if (section === "failed") return <Line tone="text-danger" text={job.error ?? "It failed without a reason."} />;
  if (section === "no_worker" || section === "queued") {
    const reason = "waiting_reason" in job ? job.waiting_reason : null;
    const text = reason ?? (section === "queued" ? "Ready for the next free worker." : "No running worker takes it.");
    return <Line tone={section === "no_worker" ? "text-danger" : undefined} text={text} />;
  }
  return <SaidLine jobId={job.job_id} progress={job.progress_message} lines={lines} />;
}

function SaidLine({ jobId, progress, lines }: { jobId: string; progress: string; lines: LastLines }) {
  const live = useSyncExternalStore(
    useCallback((listener: () => void) => lines.subscribe(jobId, listener), [lines, jobId]),
    () => lines.get(jobId),
  );
  // What was said before the page was opened, for a job that reports no progress.
  const before = useQuery({
    queryKey: queryKeys.lastMessage(jobId),
    queryFn: async ({ signal }) => (await messages.before(jobId, undefined, 1, signal)).messages.at(-1)?.content ?? "",
    enabled: live === undefined && progress === "",
    staleTime: 10_000,
  }).data;
  const text = live ?? (progress || lastLineOf(before ?? ""));
  return <Line text={text ?? "Has said nothing yet."} />;
}

function Line({ text, tone }: { text: string; tone?: string }) {
  return (
    <p
      dir="auto"
      data-testid="lane-line"
      title={text}
      className={cn("truncate text-xs", tone ?? "text-muted-foreground")}
    >
      <VisibleText text={text} />
    </p>
  );
}
