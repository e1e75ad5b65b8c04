import { Check, LoaderCircle } from "lucide-react";
import type { Job } from "@/api/types";
import { hasEnded } from "@/live/jobs";
import { cn } from "@/ui/cn";
import type { StageName } from "./stage-names";

/** The stages of a job as a line of steps: behind, present, ahead. */
export function Stepper({ job, nameOfStage }: { job: Job; nameOfStage: StageName }) {
  // A worker may enter a stage that nobody listed.
  const stages = job.stage && !job.stages.includes(job.stage) ? [...job.stages, job.stage] : job.stages;
  if (stages.length === 0) return null;
  const at = job.stage ? stages.indexOf(job.stage) : -1;
  const done = job.status === "succeeded";
  return (
    <ol aria-label="Stages" className="flex flex-wrap gap-x-1 gap-y-2">
      {stages.map((stage, i) => {
        const behind = done || i < at;
        const present = !done && i === at;
        return (
          <li
            key={stage}
            aria-current={present ? "step" : undefined}
            className={cn(
              "flex items-center gap-1.5 text-xs",
              i > 0 && "before:mr-0.5 before:h-px before:w-4 before:bg-border-strong before:content-['']",
              present ? "font-semibold" : behind ? "text-foreground" : "text-muted-foreground",
            )}
          >
            <span
              aria-hidden="true"
              className={cn(
                "grid size-5 shrink-0 place-items-center rounded-full border text-2xs",
                behind && "border-success bg-success-soft text-success",
                present && job.status === "failed" && "border-danger bg-danger-soft text-danger",
                present && job.status !== "failed" && "border-primary bg-accent text-accent-foreground",
                !behind && !present && "border-border-strong",
              )}
            >
              {behind ? (
                <Check className="size-3" />
              ) : present && job.status === "running" ? (
                <LoaderCircle className="size-3 animate-spin" />
              ) : (
                i + 1
              )}
            </span>
            {nameOfStage(stage)}
            <span className="sr-only">
              {behind ? ", done" : present ? (hasEnded(job.status) ? ", ended here" : ", at present") : ""}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
