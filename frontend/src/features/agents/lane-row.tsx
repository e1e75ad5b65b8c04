import { Link } from "@tanstack/react-router";
import { Check, MoreHorizontal } from "lucide-react";
import { memo, type ReactNode } from "react";
import type { Actor } from "@/api/hooks";
import type { UsageTotals } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { JOB_STATUS_STYLES, JobStatusBadge } from "@/entities/job/job-status";
import { Age } from "@/ui/age";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { Menu, MenuItem } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import { ACTION_PARTS } from "./action-parts";
import { type AgentNumbers, shortCost, shortTokens, successRate } from "./agent-numbers";
import { type LaneAction, laneActions } from "./lane-actions";
import { LaneLine } from "./lane-line";
import type { Lane } from "./lanes";
import type { LastLines } from "./last-lines";
import { formatWait, sinceLabel } from "./wording";

interface Props {
  lane: Lane;
  name: string;
  agent: Actor | undefined;
  /** The name of its stage or column. */
  stage: string | null;
  lines: LastLines;
  numbers: AgentNumbers | undefined;
  usageOfAgent: UsageTotals | undefined;
  usageOfJob: UsageTotals | undefined;
  editable: boolean;
  selected: boolean;
  onToggle: (id: string, range: boolean) => void;
  onAction: (lane: Lane, action: LaneAction) => void;
}

/** A running worker sends a heartbeat several times in its lease, which is a minute by default. */
const HEARTBEAT_WARN_S = 60;

export const LaneRow = memo(function LaneRow(props: Props) {
  const { lane, name, agent, stage, lines, numbers, usageOfAgent, usageOfJob, selected, onToggle } = props;
  const { section, job, worker, since } = lane;
  const alarming = section === "silent" || section === "failed" || section === "no_worker";
  const used = job ? usageOfJob : usageOfAgent;
  return (
    <li
      data-lane={lane.id}
      data-section={section}
      className={cn(
        "grid grid-cols-[1.5rem_minmax(0,1fr)_auto] items-start gap-x-3 gap-y-1.5 px-3 py-2.5 has-[[role=checkbox]:focus-visible]:bg-sunken",
        "lg:grid-cols-[1.5rem_11rem_minmax(0,1fr)_5rem_6rem_10rem_8rem]",
        selected ? "bg-accent/60" : "hover:bg-sunken",
        alarming && "shadow-[inset_2px_0_0_var(--danger)]",
      )}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: shortcuts are off in inputs, and X selects the focused lane */}
      <button
        type="button"
        role="checkbox"
        aria-checked={selected}
        aria-label={`Select ${name}`}
        data-select={lane.id}
        onClick={(event) => onToggle(lane.id, event.shiftKey)}
        className={cn(
          "mt-0.5 grid size-5 place-items-center rounded border",
          selected ? "border-primary bg-primary text-primary-foreground" : "border-border-strong bg-surface",
        )}
      >
        {selected && <Check className="size-3.5" aria-hidden="true" />}
      </button>
      <div className="flex min-w-0 items-start gap-2">
        {agent && <Avatar {...agent} />}
        <div className="min-w-0">
          <div dir="auto" className="truncate font-medium">
            {agent?.name ?? worker ?? (section === "no_worker" ? "No worker" : "Next free worker")}
          </div>
          {agent && worker && worker !== agent.name && (
            <div dir="auto" className="truncate text-2xs text-muted-foreground">
              {worker}
            </div>
          )}
        </div>
      </div>
      <div className="col-start-2 col-end-4 row-start-2 min-w-0 lg:col-start-auto lg:col-end-auto lg:row-start-auto">
        <Work lane={lane} stage={stage} />
        <LaneLine lane={lane} lines={lines} />
      </div>
      <div className="col-start-2 col-end-4 row-start-3 grid grid-cols-3 gap-2 lg:contents">
        <Fact label={sinceLabel(lane)} data-testid="lane-age">
          {since ? (
            <Age at={since} warnAfter={section === "running" && job ? HEARTBEAT_WARN_S : undefined} />
          ) : (
            <Nothing />
          )}
        </Fact>
        <Fact
          label={used && shortTokens(used) ? `${shortTokens(used)} tokens` : "cost"}
          title={usageOfAgent ? `The agent in 30 days: ${shortCost(usageOfAgent) ?? "no cost reported"}` : undefined}
        >
          {(used && shortCost(used)) ?? <Nothing />}
        </Fact>
        <Fact
          label={numbers?.waited ? `success · waited ${formatWait(numbers.waited)}` : "success"}
          title={
            numbers
              ? `In 30 days ${numbers.succeeded} of ${numbers.succeeded + numbers.failed} attempts succeeded, and it waited ${formatWait(numbers.waited)} for people`
              : undefined
          }
        >
          {(numbers && successRate(numbers)) ?? <Nothing />}
        </Fact>
      </div>
      <LaneMenu {...props} className="col-start-3 row-start-1 lg:col-start-auto lg:row-start-auto" />
      {job && (job.status === "running" || job.status === "paused" || job.status === "waiting") && (
        <Progress
          value={job.progress}
          label={`Progress of ${name}`}
          tone={JOB_STATUS_STYLES[job.status].bar}
          className="col-start-2 col-end-4 lg:col-end-7"
        />
      )}
    </li>
  );
});

function Work({ lane, stage }: { lane: Lane; stage: string | null }) {
  const { job, ticket, others, section } = lane;
  if (!job && !ticket) return <p className="text-muted-foreground">No job, and no ticket in an active column</p>;
  const title = ticket?.title ?? job?.title ?? "";
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      {ticket && <span className="tabular shrink-0 text-muted-foreground text-xs">{ticket.key}</span>}
      {ticket ? (
        <Link
          to="/w/$workflowId/t/$ticketId"
          params={{ workflowId: ticket.workflow_id, ticketId: ticket.ticket_id }}
          search={{}}
          className="min-w-0 truncate font-medium underline-offset-2 hover:underline"
        >
          <VisibleText text={title} />
        </Link>
      ) : (
        <span dir="auto" className="min-w-0 truncate font-medium">
          <VisibleText text={title} />
        </span>
      )}
      {others > 0 && <span className="shrink-0 text-muted-foreground text-xs">and {others} more</span>}
      {job && section !== "running" && (
        <JobStatusBadge
          status={job.status}
          noWorker={job.no_worker}
          stopping={"cancel_requested" in job && job.cancel_requested && job.status !== "failed"}
        />
      )}
      {job && section === "running" && "cancel_requested" in job && job.cancel_requested && (
        <JobStatusBadge status={job.status} stopping />
      )}
      {stage && <span className="shrink-0 text-muted-foreground text-xs">{stage}</span>}
      {job && section === "running" && (
        <span className="tabular shrink-0 text-muted-foreground text-xs">{Math.round(job.progress)}%</span>
      )}
    </div>
  );
}

interface FactProps {
  label: string;
  title?: string;
  children: ReactNode;
  "data-testid"?: string;
}

function Fact({ label, title, children, ...rest }: FactProps) {
  return (
    <div className="min-w-0" title={title} {...rest}>
      <div dir="auto" className="tabular truncate">
        {children}
      </div>
      <div dir="auto" className="truncate text-2xs text-muted-foreground">
        {label}
      </div>
    </div>
  );
}

const Nothing = () => (
  <span className="text-muted-foreground">
    <span aria-hidden="true">–</span>
    <span className="sr-only">not known</span>
  </span>
);

const QUICK: readonly LaneAction[] = ["retry", "resume", "pause"];

function LaneMenu({ lane, name, editable, onAction, className }: Props & { className: string }) {
  const { job } = lane;
  const allowed = editable ? laneActions(lane) : [];
  const quick = QUICK.find((action) => allowed.includes(action) && !(action === "pause" && lane.section === "queued"));
  if (allowed.length === 0 && !job) return <span className={className} />;
  return (
    <div className={cn("flex justify-end gap-1", className)}>
      {quick && (
        <Button size="sm" aria-label={`${ACTION_PARTS[quick].name} ${name}`} onClick={() => onAction(lane, quick)}>
          {ACTION_PARTS[quick].icon} <span className="hidden sm:inline">{ACTION_PARTS[quick].name}</span>
        </Button>
      )}
      <Menu
        trigger={
          <Button variant="ghost" size="sm" className="px-1.5" aria-label={`Actions for ${name}`}>
            <MoreHorizontal />
          </Button>
        }
      >
        {allowed
          .filter((action) => action !== quick)
          .map((action) => (
            <MenuItem key={action} danger={action === "cancel"} onSelect={() => onAction(lane, action)}>
              {ACTION_PARTS[action].icon} {action === "cancel" ? "Cancel job" : ACTION_PARTS[action].name}
            </MenuItem>
          ))}
        {job && (
          <MenuItem asChild>
            <Link
              to="/w/$workflowId/jobs/$jobId"
              params={{ workflowId: job.workflow_id, jobId: job.job_id }}
              search={{}}
            >
              Open job
            </Link>
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}
