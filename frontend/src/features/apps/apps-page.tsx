import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AppWindow } from "lucide-react";
import type { ReactNode } from "react";
import { apps, explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { JobStatusBadge } from "@/entities/job/job-status";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { Button } from "@/ui/button";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useTitle } from "@/ui/use-title";

interface Props {
  workflowId: string;
  header: (name: string) => ReactNode;
}

/** Apps of a workflow, newest first. */
export function AppsPage({ workflowId, header }: Props) {
  const { shape, error, retry } = useBoardShape(workflowId);
  const name = shape?.workflow.name ?? "";
  useTitle(name ? `Apps · ${name}` : "Apps");
  const list = useInfiniteQuery({
    queryKey: [...queryKeys.apps, workflowId],
    queryFn: ({ pageParam, signal }) => apps.list(workflowId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
  });
  if (error && !shape) return <WorkflowFailure what="the apps" error={error} onRetry={retry} />;
  const all = list.data?.pages.flatMap((page) => page.apps) ?? [];
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl gap-4 px-4 pt-6 pb-16">
        {header(name)}
        {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
        {list.isPending && <Spinner label="Loading apps…" />}
        {list.isSuccess && all.length === 0 && (
          <Empty
            icon={<AppWindow className="size-6" />}
            title="No apps yet"
            action={
              <Button asChild>
                <Link to="/w/$workflowId/jobs" params={{ workflowId }} search={{}}>
                  Show jobs
                </Link>
              </Button>
            }
          >
            An app is a specification with a description. Jobs that produce one list it here.
          </Empty>
        )}
        {all.length > 0 && (
          <ul aria-label="Apps" className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
            {all.map((app) => (
              <li key={app.app_id} className="relative flex items-center gap-3 px-4 py-3 hover:bg-sunken">
                <div className="min-w-0 flex-1">
                  <Link
                    to="/apps/$appId"
                    params={{ appId: app.app_id }}
                    className="block truncate font-medium after:absolute after:inset-0"
                  >
                    {app.title}
                  </Link>
                  <p dir="auto" className="truncate text-muted-foreground text-xs">
                    Created by{" "}
                    <Link
                      to="/w/$workflowId/jobs/$jobId"
                      params={{ workflowId, jobId: app.job_id }}
                      search={{}}
                      className="relative z-1 hover:underline"
                    >
                      {app.job_title === app.title ? "a job" : app.job_title}
                    </Link>
                  </p>
                </div>
                <JobStatusBadge status={app.job_status} />
                <TimeAgo at={app.created_at} className="w-20 shrink-0 text-right text-muted-foreground text-xs" />
              </li>
            ))}
          </ul>
        )}
        <div className="text-center">
          <ShowMore list={list} />
        </div>
      </div>
    </div>
  );
}
