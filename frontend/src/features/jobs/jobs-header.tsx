import { Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn";

interface Props {
  workflowId: string;
  name: string;
  current: "jobs" | "apps";
  children?: ReactNode;
}

const tabClass = "rounded-md px-2 py-1 font-medium";

/** Shared header of the jobs and apps pages. */
export function JobsHeader({ workflowId, name, current, children }: Props) {
  const classOf = (page: Props["current"]) =>
    cn(tabClass, page === current ? "bg-muted text-foreground" : "text-muted-foreground hover:text-foreground");
  return (
    <div>
      <Link
        to="/w/$workflowId"
        params={{ workflowId }}
        search={{}}
        className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
      >
        <ArrowLeft className="size-3.5" /> Back to board
      </Link>
      <div className="flex min-h-8 flex-wrap items-center gap-3">
        <h1 className="sr-only">
          {current === "jobs" ? "Jobs" : "Apps"} in {name}
        </h1>
        <nav aria-label="Jobs and apps" className="-ml-2 flex gap-1 text-sm">
          <Link
            to="/w/$workflowId/jobs"
            params={{ workflowId }}
            search={{}}
            aria-current={current === "jobs" ? "page" : undefined}
            className={classOf("jobs")}
          >
            Jobs
          </Link>
          <Link
            to="/w/$workflowId/apps"
            params={{ workflowId }}
            aria-current={current === "apps" ? "page" : undefined}
            className={classOf("apps")}
          >
            Apps
          </Link>
        </nav>
        <div className="ml-auto flex items-center gap-2">{children}</div>
      </div>
    </div>
  );
}
