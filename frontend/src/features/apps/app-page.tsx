import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Copy, Download } from "lucide-react";
import { Tabs } from "radix-ui";
import { useState } from "react";
import { apps, explain, isNotFound } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { App } from "@/api/types";
import { RichText } from "@/entities/ticket/rich-text";
import { useWatchWorkflow } from "@/live/context";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { downloadFile } from "@/ui/download";
import { JsonTree } from "@/ui/json-tree";
import { Empty, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useTitle } from "@/ui/use-title";

export function AppPage({ appId }: { appId: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: [...queryKeys.apps, "one", appId],
    queryFn: ({ signal }) => apps.get(appId, signal),
  });
  const notFound = isNotFound(error);
  if (data) return <Loaded app={data} />;
  if (isPending) return <Spinner label="Loading the app…" className="flex-1" />;
  return (
    <div className="grid flex-1 place-items-center">
      <Empty title={notFound ? "App not found" : "Could not load the app"}>
        {notFound ? "It does not exist, or you do not have access to its workflow." : explain(error)}
      </Empty>
    </div>
  );
}

const tab =
  "-mb-px border-b-2 border-transparent px-1 pb-2 font-medium text-muted-foreground hover:text-foreground data-[state=active]:border-primary data-[state=active]:text-foreground";

function Loaded({ app }: { app: App }) {
  const { workflow_id: workflowId, title, spec, prd_markdown: prd } = app;
  const hasDescription = prd.trim() !== "";
  const [part, setPart] = useState(hasDescription ? "prd" : "spec");
  const [raw, setRaw] = useState(false);
  useTitle(title);
  useWatchWorkflow(workflowId);
  const json = JSON.stringify(spec, null, 2);
  const copy = (text: string) => void copyText(text);
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase();
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl gap-4 px-4 pt-6 pb-16">
        <div>
          <Link
            to="/w/$workflowId/apps"
            params={{ workflowId }}
            className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
          >
            <ArrowLeft className="size-3.5" /> All apps
          </Link>
          <h1 className="font-semibold text-lg tracking-tight">{title}</h1>
          <p className="flex flex-wrap gap-x-3 text-muted-foreground text-xs">
            <span>
              Updated <TimeAgo at={app.updated_at} />
            </span>
            <Link
              to="/w/$workflowId/jobs/$jobId"
              params={{ workflowId, jobId: app.job_id }}
              search={{}}
              className="text-accent-foreground hover:underline"
            >
              View job
            </Link>
            {app.ticket_id && (
              <Link
                to="/w/$workflowId/t/$ticketId"
                params={{ workflowId, ticketId: app.ticket_id }}
                search={{}}
                className="text-accent-foreground hover:underline"
              >
                View ticket
              </Link>
            )}
          </p>
        </div>
        <Tabs.Root value={part} onValueChange={setPart} className="rounded-xl border bg-surface shadow-card">
          <div className="flex flex-wrap items-center justify-between gap-x-4 border-b px-4">
            <Tabs.List aria-label="App documents" className="flex gap-4 pt-3">
              <Tabs.Trigger value="prd" className={tab}>
                Description
              </Tabs.Trigger>
              <Tabs.Trigger value="spec" className={tab}>
                Specification
              </Tabs.Trigger>
            </Tabs.List>
            {part === "spec" ? (
              <FileActions
                onCopy={() => copy(json)}
                onDownload={() => downloadFile(new Blob([json], { type: "application/json" }), `${name}.json`)}
              >
                <Button size="sm" variant="ghost" aria-pressed={raw} onClick={() => setRaw((old) => !old)}>
                  {raw ? "View tree" : "View JSON"}
                </Button>
              </FileActions>
            ) : (
              hasDescription && (
                <FileActions
                  onCopy={() => copy(prd)}
                  onDownload={() => downloadFile(new Blob([prd], { type: "text/markdown" }), `${name}.md`)}
                />
              )
            )}
          </div>
          <Tabs.Content value="prd" className="max-w-prose p-4">
            {hasDescription ? <RichText text={prd} /> : <p className="text-muted-foreground">No description.</p>}
          </Tabs.Content>
          <Tabs.Content value="spec" className="p-4">
            {raw ? (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
              <pre tabIndex={0} className="scroll-thin overflow-x-auto font-mono text-xs">
                {json}
              </pre>
            ) : (
              <JsonTree value={spec} open={4} />
            )}
          </Tabs.Content>
        </Tabs.Root>
      </div>
    </div>
  );
}

interface ToolsProps {
  onCopy: () => void;
  onDownload: () => void;
  children?: React.ReactNode;
}

function FileActions({ onCopy, onDownload, children }: ToolsProps) {
  return (
    <div className="ml-auto flex flex-wrap justify-end gap-1.5 py-1.5">
      {children}
      <Button size="sm" onClick={onCopy}>
        <Copy /> Copy
      </Button>
      <Button size="sm" onClick={onDownload}>
        <Download /> Download
      </Button>
    </div>
  );
}
