import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { NameOf } from "@/api/hooks";
import type { Job } from "@/api/types";
import { JOB_STATUS_STYLES, JobStatusBadge } from "@/entities/job/job-status";
import { hasEnded } from "@/live/state/jobs";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { Progress } from "@/ui/progress";
import { TimeAgo } from "@/ui/time";
import type { StageName } from "./stage-names";

interface Props {
  job: Job;
  nameOf: NameOf;
  nameOfStage: StageName;
  /** Omits the ticket key in a ticket's own list. */
  ofTicket?: boolean;
  /** It failed, and nobody has dealt with it. */
  alarming?: boolean;
  /** Action buttons. */
  children?: ReactNode;
}

export function JobRow({ job, nameOf, nameOfStage, ofTicket, alarming, children }: Props) {
  const { status, stage, stages, progress, attempt, max_attempts } = job;
  const position = stage ? stages.indexOf(stage) + 1 : 0;
  const showProgress = !hasEnded(status) && status !== "collecting" && (progress > 0 || stage !== null);
  const who = job.agent_id ? nameOf(job.agent_id).name : job.worker;
  return (
    <li
      data-job={job.job_id}
      data-alarm={alarming ? "failed" : undefined}
      className={cn(
        "group relative grid grid-cols-[minmax(0,1fr)] gap-1 px-4 py-2.5",
        alarming ? "bg-danger-soft" : "hover:bg-sunken",
      )}
    >
      <div className="flex items-center gap-2">
        <Link
          to="/w/$workflowId/jobs/$jobId"
          params={{ workflowId: job.workflow_id, jobId: job.job_id }}
          search={true}
          className="min-w-0 truncate font-medium after:absolute after:inset-0"
        >
          <VisibleText text={job.title} />
        </Link>
        <span className="ml-auto" />
        <JobStatusBadge status={status} stopping={job.cancel_requested && !hasEnded(status)} noWorker={job.no_worker} />
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-muted-foreground text-xs">
        {!ofTicket && job.ticket_key && <span className="tabular">{job.ticket_key}</span>}
        {!hasEnded(status) && stage && (
          <span>
            {nameOfStage(stage)}
            {position > 0 && ` · ${position} of ${stages.length}`}
          </span>
        )}
        {(attempt > 1 || alarming) && (
          <span className="tabular">
            attempt {attempt} of {max_attempts}
          </span>
        )}
        {who && (
          <span dir="auto" className="truncate">
            {who}
          </span>
        )}
        {status === "failed" && !alarming && job.error && (
          <span dir="auto" className="max-w-md truncate text-danger">
            {job.error}
          </span>
        )}
        <TimeAgo at={job.finished_at ?? job.created_at} className="ml-auto" />
      </div>
      {alarming && job.error && (
        <p dir="auto" className="line-clamp-6 whitespace-pre-wrap text-danger text-xs [overflow-wrap:anywhere]">
          <VisibleText text={job.error} />
        </p>
      )}
      {showProgress && (
        <div className="flex items-center gap-2">
          <Progress
            value={progress}
            label={`Progress of ${job.title}`}
            tone={JOB_STATUS_STYLES[status].bar}
            className="flex-1"
          />
          <span className="tabular w-8 text-right text-2xs text-muted-foreground">{Math.round(progress)}%</span>
        </div>
      )}
      {showProgress && job.progress_message && (
        <p dir="auto" className="truncate text-muted-foreground text-xs">
          {job.progress_message}
        </p>
      )}
      {children && <div className="relative z-1 mt-1 justify-self-end">{children}</div>}
    </li>
  );
}
