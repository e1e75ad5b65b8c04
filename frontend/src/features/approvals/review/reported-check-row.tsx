import { CircleAlert, CircleCheck, CircleDashed, CircleMinus, ExternalLink } from "lucide-react";
import type { ReportedCheck } from "@/entities/approval/reported-checks";
import { VisibleText } from "@/ui/invisible";
import { CheckRow } from "./check-row";
import { Summary } from "./summary";

const LOOK = {
  passed: { icon: CircleCheck, tone: "text-success" },
  failed: { icon: CircleAlert, tone: "text-danger" },
  running: { icon: CircleDashed, tone: "text-muted-foreground" },
  skipped: { icon: CircleMinus, tone: "text-muted-foreground" },
} as const;

/** Longer details, or several lines, are folded away. */
const SHORT = 120;

/** A check that the agent reports: its name, how it ended, and what it found. */
export function ReportedCheckRow({ check: { name, status, details = "", url } }: { check: ReportedCheck }) {
  const text = details.trim();
  const short = text.length <= SHORT && !text.includes("\n");
  return (
    <CheckRow {...LOOK[status]}>
      <span className="flex flex-wrap items-baseline gap-x-2">
        <span className="min-w-0 font-medium [overflow-wrap:anywhere]">
          <VisibleText text={name} />
        </span>
        <span className={status === "failed" ? "text-danger" : "text-muted-foreground"}>{status}</span>
        {url && (
          <a
            href={url}
            target="_blank"
            rel="noreferrer noopener nofollow"
            className="flex items-center gap-1 rounded text-accent-foreground hover:underline"
          >
            Open <span className="sr-only">{name} in a new tab</span>
            <ExternalLink className="size-3" aria-hidden="true" />
          </a>
        )}
        {text && short && (
          <span className="min-w-0 text-muted-foreground [overflow-wrap:anywhere]">
            <VisibleText text={text} />
          </span>
        )}
      </span>
      {text && !short && (
        <details className="group mt-0.5">
          <Summary>What it found</Summary>
          <pre className="scroll-thin mt-0.5 max-h-56 overflow-auto whitespace-pre-wrap rounded-md border bg-surface px-2.5 py-1.5 font-mono [overflow-wrap:anywhere]">
            <VisibleText text={text} />
          </pre>
        </details>
      )}
    </CheckRow>
  );
}
