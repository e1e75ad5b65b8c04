import { CircleX, MoonStar, RotateCcw } from "lucide-react";
import { useState } from "react";
import type { Attention } from "@/live/state/attention";
import type { Failure } from "@/live/state/failures";
import { VisibleText } from "@/ui/invisible";
import { TimeAgo } from "@/ui/time";
import { useBoardShared } from "./board-context";

const footClass =
  "relative z-1 grid gap-0.5 border-t border-danger/30 bg-danger-soft px-2.5 pt-1 pb-1.5 text-2xs text-danger last:rounded-b-[7px]";

/** The red foot of a card: why its ticket needs attention. A job without a worker says so itself. */
export function CardAlarm({ attention }: { attention: Attention }) {
  if (attention.kind === "failed") return <FailedFoot failure={attention} />;
  if (attention.kind !== "silent") return null;
  const { message, since } = attention.finding;
  return (
    <div className={footClass} data-alarm="silent">
      <span className="flex h-5 items-center gap-1.5">
        <MoonStar className="size-3 shrink-0" aria-hidden="true" />
        <span dir="auto" className="truncate font-medium">
          Agent is silent
        </span>
        <TimeAgo at={since} className="tabular ml-auto shrink-0" />
      </span>
      <p dir="auto" className="line-clamp-2 [overflow-wrap:anywhere]">
        {message}
      </p>
    </div>
  );
}

function FailedFoot({ failure: { job } }: { failure: Failure }) {
  const { openJob, retryJob, editable } = useBoardShared();
  const [busy, setBusy] = useState(false);
  const attempts = job.max_attempts > 1 ? ` · attempt ${job.attempt} of ${job.max_attempts}` : "";
  return (
    <div className={footClass} data-alarm="failed" data-job={job.job_id}>
      <span className="flex h-5 items-center gap-1.5">
        <CircleX className="size-3 shrink-0" aria-hidden="true" />
        <a
          href={`/w/${job.workflow_id}/jobs/${job.job_id}`}
          draggable={false}
          aria-label={`Job ${job.title}: Failed${attempts}`}
          title={job.title}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
            event.preventDefault();
            openJob(job.job_id);
          }}
          className="truncate font-medium underline-offset-2 hover:underline"
        >
          Failed{attempts}
        </a>
        {editable && retryJob && (
          <button
            type="button"
            disabled={busy}
            aria-label={`Retry ${job.title}`}
            onClick={() => {
              setBusy(true);
              void retryJob(job).finally(() => setBusy(false));
            }}
            className="-mr-1 ml-auto flex h-5 shrink-0 items-center gap-1 rounded px-1.5 font-medium hover:bg-danger/15 disabled:opacity-55 pointer-coarse:h-7 pointer-coarse:px-2"
          >
            <RotateCcw className="size-3" aria-hidden="true" /> Retry
          </button>
        )}
      </span>
      {job.error && (
        <p dir="auto" className="line-clamp-2 [overflow-wrap:anywhere]" title={job.error}>
          <VisibleText text={job.error} />
        </p>
      )}
    </div>
  );
}
