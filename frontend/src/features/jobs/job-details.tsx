import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import type { NameOf } from "@/api/hooks";
import type { Job } from "@/api/types";
import { Usage } from "@/entities/job/usage";
import { PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { hasEnded } from "@/live/state/jobs";
import { TimeAgo } from "@/ui/time";

interface Props {
  job: Job;
  nameOf: NameOf;
  onCommit: (sha: string) => void;
}

/** The job's properties: ticket, attempts, worker, lease, times and results. */
export function JobDetails({ job, nameOf, onCommit }: Props) {
  const by = job.created_by ? nameOf(job.created_by).name : "Callboard";
  const agent = job.agent_id ? nameOf(job.agent_id).name : null;
  const open = !hasEnded(job.status);
  return (
    <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-2 gap-y-1.5 text-xs">
      {job.ticket_id && (
        <Row name="Ticket">
          <Link
            to="/w/$workflowId/t/$ticketId"
            params={{ workflowId: job.workflow_id, ticketId: job.ticket_id }}
            search={{}}
            className="tabular font-medium text-accent-foreground hover:underline"
          >
            {job.ticket_key ?? "View ticket"}
          </Link>
        </Row>
      )}
      <Row name="Type">{job.job_type}</Row>
      <Row name="Priority">
        <span className="flex items-center gap-1.5">
          <PriorityIcon priority={job.priority} className="size-3.5" /> {PRIORITY_NAMES[job.priority]}
        </span>
      </Row>
      <Row name="Attempt">
        <span className="tabular">
          {job.attempt} of {job.max_attempts}
        </span>
      </Row>
      {job.worker && (
        <Row name="Worker">
          <span className="[overflow-wrap:anywhere]">
            {job.worker}
            {agent && agent !== job.worker && <span className="text-muted-foreground"> as {agent}</span>}
          </span>
        </Row>
      )}
      {open && job.heartbeat_at && job.lease_expires_at && (
        <Row name="Heartbeat">
          <Elapsed at={job.heartbeat_at} />
          <span className="text-muted-foreground">
            {" "}
            · lease <Remaining until={job.lease_expires_at} />
          </span>
        </Row>
      )}
      {job.status === "queued" && Date.parse(job.not_before) > Date.now() && (
        <Row name="Delay">
          <Remaining until={job.not_before} />
        </Row>
      )}
      {job.status === "queued" && (job.no_worker || job.waiting_reason) && (
        <Row name="Waiting">{job.waiting_reason ?? "No running worker takes jobs of this type."}</Row>
      )}
      <Row name="Created">
        <TimeAgo at={job.created_at} /> <span className="text-muted-foreground">by {by}</span>
      </Row>
      {job.started_at && (
        <Row name="Started">
          <TimeAgo at={job.started_at} />
        </Row>
      )}
      {job.finished_at && (
        <Row name="Finished">
          <TimeAgo at={job.finished_at} />
          {job.started_at && (
            <span className="text-muted-foreground">
              {" "}
              · took {formatSeconds((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1_000)}
            </span>
          )}
        </Row>
      )}
      {job.usage && (job.usage.reported || job.started_at) && (
        <Row name="Usage">
          <Usage usage={job.usage} />
        </Row>
      )}
      {job.commit_sha && (
        <Row name="Commit">
          <button
            type="button"
            onClick={() => job.commit_sha && onCommit(job.commit_sha)}
            className="rounded font-mono text-accent-foreground hover:underline"
          >
            {job.commit_sha.slice(0, 10)}
          </button>
        </Row>
      )}
      {job.app_id && (
        <Row name="App">
          <Link to="/apps/$appId" params={{ appId: job.app_id }} className="text-accent-foreground hover:underline">
            View specification
          </Link>
        </Row>
      )}
    </dl>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

/** The current time, updated every second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Elapsed({ at }: { at: string }) {
  return <span className="tabular">{formatSeconds(Math.max(0, (useNow() - Date.parse(at)) / 1_000))} ago</span>;
}

function Remaining({ until }: { until: string }) {
  const left = (Date.parse(until) - useNow()) / 1_000;
  return <span className="tabular">{left > 0 ? `${formatSeconds(left)} left` : "expired"}</span>;
}

/** "1 min 5 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
