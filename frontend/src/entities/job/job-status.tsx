import {
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  LoaderCircle,
  type LucideIcon,
  PencilLine,
} from "lucide-react";
import type { JobStatus } from "@/api/types";
import { cn } from "@/ui/cn";
import type { ProgressTone } from "@/ui/progress";

interface StatusStyle {
  name: string;
  icon: LucideIcon;
  tone: string;
  soft: string;
  bar: ProgressTone;
}

export const JOB_STATUS_STYLES: Record<JobStatus, StatusStyle> = {
  collecting: { name: "Draft", icon: PencilLine, tone: "text-muted-foreground", soft: "bg-muted", bar: "neutral" },
  queued: { name: "Queued", icon: Clock, tone: "text-muted-foreground", soft: "bg-muted", bar: "neutral" },
  running: { name: "Running", icon: LoaderCircle, tone: "text-accent-foreground", soft: "bg-accent", bar: "active" },
  paused: { name: "Paused", icon: CirclePause, tone: "text-warning", soft: "bg-warning-soft", bar: "paused" },
  waiting: { name: "Needs input", icon: Hand, tone: "text-warning", soft: "bg-warning-soft", bar: "paused" },
  succeeded: { name: "Succeeded", icon: CircleCheck, tone: "text-success", soft: "bg-success-soft", bar: "success" },
  failed: { name: "Failed", icon: CircleX, tone: "text-danger", soft: "bg-danger-soft", bar: "error" },
  cancelled: { name: "Cancelled", icon: CircleSlash, tone: "text-muted-foreground", soft: "bg-muted", bar: "neutral" },
};

export const JOB_STATUSES = Object.keys(JOB_STATUS_STYLES) as JobStatus[];

/** The status of a job as an icon with an accessible name. */
export function JobStatusIcon({ status, className }: { status: JobStatus; className?: string }) {
  const { name, icon: Icon, tone } = JOB_STATUS_STYLES[status];
  return (
    <span role="img" aria-label={name} title={name} className={cn("inline-flex shrink-0", tone)}>
      <Icon aria-hidden="true" className={cn("size-3.5", status === "running" && "animate-spin", className)} />
    </span>
  );
}

/** A queued job that no live worker takes. */
export const NO_WORKER_STYLE = { name: "No worker", icon: Clock, tone: "text-warning", soft: "bg-warning-soft" };

interface BadgeProps {
  status: JobStatus;
  stopping?: boolean;
  noWorker?: boolean;
}

/** The status of a job as an icon and a label. */
export function JobStatusBadge({ status, stopping, noWorker }: BadgeProps) {
  const { name, icon: Icon, tone, soft } = noWorker ? NO_WORKER_STYLE : JOB_STATUS_STYLES[status];
  return (
    <span
      data-job-status={status}
      className={cn("inline-flex h-5 shrink-0 items-center gap-1 rounded px-1.5 font-medium text-2xs", tone, soft)}
    >
      <Icon aria-hidden="true" className={cn("size-3", status === "running" && "animate-spin")} />
      {stopping ? "Stopping" : name}
    </span>
  );
}
