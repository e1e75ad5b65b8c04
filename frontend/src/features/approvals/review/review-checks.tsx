import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import { useMemo } from "react";
import type { Finding, Job, TicketDetail } from "@/api/types";
import { type ReportedCheck, sortChecks } from "@/entities/approval/reported-checks";
import { JobStatusBadge } from "@/entities/job/job-status";
import { Usage } from "@/entities/job/usage";
import { VisibleText } from "@/ui/invisible";
import { JsonTree } from "@/ui/json-tree";
import { CheckRow } from "./check-row";
import { ReportedCheckRow } from "./reported-check-row";
import { Summary } from "./summary";
import { readTasks } from "./task-list";

const OPEN_TASKS_SHOWN = 6;

interface Props {
  /** What the requester reports. */
  reported: readonly ReportedCheck[];
  job: Job | undefined;
  ticket: TicketDetail | undefined;
  findings: readonly Finding[];
  nameOfStage: (stage: string) => string;
}

/** What is known about the work: what the requester reports, and what the server has; nothing that is guessed. */
export function ReviewChecks({ reported, job, ticket, findings, nameOfStage }: Props) {
  const tasks = useMemo(() => readTasks(ticket?.description ?? ""), [ticket?.description]);
  const open = tasks.filter(({ done }) => !done);
  const blockers = ticket?.blocked_by.filter(({ is_resolved, deleted }) => !is_resolved && !deleted) ?? [];
  if (!job && reported.length + tasks.length + blockers.length + findings.length === 0) return null;
  return (
    <section aria-label="Checks" className="grid gap-2">
      <h2 className="font-semibold text-xs">Checks</h2>
      <ul className="grid gap-1.5 text-xs">
        {sortChecks(reported).map((check, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two checks may have the same name
          <ReportedCheckRow key={`${i} ${check.name}`} check={check} />
        ))}
        {job && <JobCheck job={job} nameOfStage={nameOfStage} />}
        {tasks.length > 0 && (
          <CheckRow
            icon={open.length === 0 ? CircleCheck : CircleDashed}
            tone={open.length === 0 ? "text-success" : "text-warning"}
          >
            <span className="tabular">
              {tasks.length - open.length} of {tasks.length} check boxes of the ticket are ticked
            </span>
            {open.length > 0 && (
              <ul className="mt-0.5 text-muted-foreground">
                {open.slice(0, OPEN_TASKS_SHOWN).map(({ text }, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same text may be there twice, and nothing is moved
                  <li key={i} className="[overflow-wrap:anywhere]">
                    <VisibleText text={`Open: ${text}`} />
                  </li>
                ))}
                {open.length > OPEN_TASKS_SHOWN && <li>and {open.length - OPEN_TASKS_SHOWN} more</li>}
              </ul>
            )}
          </CheckRow>
        )}
        {blockers.map(({ ticket_id, key, title }) => (
          <CheckRow key={ticket_id} icon={CircleAlert} tone="text-danger">
            Blocked by <span className="tabular">{key}</span> <VisibleText text={title} />
          </CheckRow>
        ))}
        {findings.map(({ kind, message, since }) => (
          <CheckRow key={`${kind} ${since}`} icon={TriangleAlert} tone="text-warning">
            <VisibleText text={message} />
          </CheckRow>
        ))}
      </ul>
      {job?.result !== null && job?.result !== undefined && (
        <details className="group rounded-md border bg-surface px-2.5 py-1.5 text-xs">
          <Summary>Result that the job reported</Summary>
          <div className="scroll-thin max-h-56 overflow-auto pb-1">
            <JsonTree value={job.result} />
          </div>
        </details>
      )}
    </section>
  );
}

function JobCheck({ job, nameOfStage }: { job: Job } & Pick<Props, "nameOfStage">) {
  const failed = job.status === "failed";
  return (
    <CheckRow
      icon={failed ? CircleAlert : job.status === "succeeded" ? CircleCheck : CircleDashed}
      tone={failed ? "text-danger" : job.status === "succeeded" ? "text-success" : "text-muted-foreground"}
    >
      <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
        <Link
          to="/w/$workflowId/jobs/$jobId"
          params={{ workflowId: job.workflow_id, jobId: job.job_id }}
          search={{}}
          className="min-w-0 rounded text-accent-foreground [overflow-wrap:anywhere] hover:underline"
        >
          <VisibleText text={job.title} />
        </Link>
        <JobStatusBadge status={job.status} noWorker={job.no_worker} />
        <span className="tabular text-muted-foreground">
          {job.stage && `${nameOfStage(job.stage)}, `}
          {Math.round(job.progress)}%{job.attempt > 1 && `, attempt ${job.attempt} of ${job.max_attempts}`}
        </span>
      </span>
      {job.error && (
        <span className="block whitespace-pre-wrap text-danger [overflow-wrap:anywhere]">
          <VisibleText text={job.error} />
        </span>
      )}
      {job.usage?.reported && (
        <span className="block text-muted-foreground">
          <Usage usage={job.usage} />
        </span>
      )}
    </CheckRow>
  );
}
