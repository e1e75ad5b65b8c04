import { MoreHorizontal, Pause, Play, RotateCcw, SquareX, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Job, JobAction } from "@/api/types";
import { actionsFor } from "@/entities/job/actions";
import { Button } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { useJobActions } from "./use-job-actions";

const ACTIONS: Record<JobAction, { name: string; icon: ReactNode }> = {
  continue: { name: "Queue", icon: <Play /> },
  pause: { name: "Pause", icon: <Pause /> },
  resume: { name: "Resume", icon: <Play /> },
  cancel: { name: "Cancel", icon: <SquareX /> },
  retry: { name: "Retry", icon: <RotateCcw /> },
};

/** Emphasized for draft and paused jobs. A job that waits for input needs an answer instead. */
const PRIMARY_ACTIONS: Partial<Record<JobAction, "primary">> = { continue: "primary", resume: "primary" };

interface Props {
  job: Job;
  size?: "sm" | "md";
  /** Called after the job was deleted. */
  onRemoved?: () => void;
}

export function JobActions({ job, size = "md", onRemoved }: Props) {
  const { run, remove } = useJobActions();
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {actionsFor(job).map((action) => (
        <Button
          key={action}
          size={size}
          variant={job.status === "collecting" || job.status === "paused" ? PRIMARY_ACTIONS[action] : "outline"}
          aria-label={`${ACTIONS[action].name} ${job.title}`}
          onClick={() => void run(job, action)}
        >
          {ACTIONS[action].icon} {ACTIONS[action].name}
        </Button>
      ))}
      {onRemoved && (
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label="More actions">
              <MoreHorizontal />
            </Button>
          }
        >
          <MenuItem danger onSelect={() => void remove(job).then((removed) => removed && onRemoved())}>
            <Trash2 /> Delete job
          </MenuItem>
        </Menu>
      )}
    </div>
  );
}
