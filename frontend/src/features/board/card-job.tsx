import type { JobSummary } from "@/api/types";
import { JOB_STATUS_STYLES, JobStatusIcon, NO_WORKER_STYLE } from "@/entities/job/job-status";
import { cn } from "@/ui/cn";
import { Progress } from "@/ui/progress";
import { useBoardShared } from "./board-context";

/** Status strip of a card's current job: stage, progress, and whether it needs input. */
export function CardJob({ job }: { job: JobSummary }) {
  const { openJob, columns } = useBoardShared();
  const { status, progress, progress_message: message } = job;
  // A stage with the id of a column is shown by the column's name.
  const stage = columns.find(({ id }) => id === job.stage)?.name ?? job.stage;
  const { soft, bar } = JOB_STATUS_STYLES[status];
  const { name, tone } = job.no_worker ? NO_WORKER_STYLE : JOB_STATUS_STYLES[status];
  const label = status === "running" ? (stage ?? "Running") : stage ? `${name} · ${stage}` : name;
  const showProgress = status === "running" || status === "paused" || status === "waiting";
  return (
    <a
      href={`/w/${job.workflow_id}/jobs/${job.job_id}`}
      draggable={false}
      data-job={job.job_id}
      data-job-status={status}
      aria-label={`Job ${job.title}: ${label}${showProgress ? `, ${Math.round(progress)} percent` : ""}`}
      title={message || job.title}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        openJob(job.job_id);
      }}
      className={cn(
        "relative z-1 block border-t last:rounded-b-[7px] px-2.5 pt-1 pb-1.5 text-2xs hover:bg-muted",
        (status === "waiting" || job.no_worker) && (job.no_worker ? NO_WORKER_STYLE.soft : soft),
      )}
    >
      <span className="flex h-4 items-center gap-1.5">
        <JobStatusIcon status={status} className="size-3" />
        <span className={cn("truncate font-medium", tone)}>{label}</span>
        {showProgress && (
          <span className="tabular ml-auto shrink-0 text-muted-foreground">{Math.round(progress)}%</span>
        )}
      </span>
      {showProgress && <Progress value={progress} label="Progress" tone={bar} className="mt-1" />}
    </a>
  );
}
