import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Columns3, MoreHorizontal, Plus, Settings2 } from "lucide-react";
import { useState } from "react";
import { explain, workflows } from "@/api";
import { useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Workflow } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Menu, MenuItem } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { Empty, Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/use-title";
import { CreateWorkflow } from "./create-workflow";

export function WorkflowsPage() {
  useTitle("Workflows");
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-4xl px-4 py-8">
        <WorkflowsSection heading="h1" />
      </div>
    </div>
  );
}

/** The user's workflows with everything that can be done about them, on a page of its own or below others. */
export function WorkflowsSection({ heading: Heading }: { heading: "h1" | "h2" }) {
  const [archived, setArchived] = useState(false);
  const [creating, setCreating] = useState(false);
  const list = useWorkflows(archived);
  const shown = (list.data ?? []).filter((workflow) => Boolean(workflow.archived_at) === archived);
  const create = (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus /> New workflow
    </Button>
  );

  return (
    <>
      <div className={cn("flex flex-wrap items-center justify-between gap-3", Heading === "h1" ? "mb-5" : "mb-1.5")}>
        <Heading className={cn("font-semibold", Heading === "h1" ? "text-lg tracking-tight" : "text-sm")}>
          {archived ? "Archived workflows" : "Workflows"}
        </Heading>
        <div className="flex gap-2">
          <Button variant="ghost" aria-pressed={archived} onClick={() => setArchived((old) => !old)}>
            <Archive /> {archived ? "Show active" : "Show archived"}
          </Button>
          {create}
        </div>
      </div>
      {list.isPending && <Spinner label="Loading workflows…" />}
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.isSuccess && shown.length === 0 && !archived && (
        <Empty icon={<Columns3 className="size-6" />} title="No workflows yet" action={create}>
          A workflow has one board. People and agents move its tickets, and everyone sees changes in real time.
        </Empty>
      )}
      {list.isSuccess && shown.length === 0 && archived && (
        <Empty icon={<Archive className="size-6" />} title="No archived workflows">
          Archived workflows keep their tickets and history.
        </Empty>
      )}
      {shown.length > 0 && (
        <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
          {shown.map((workflow) => (
            <WorkflowRow key={workflow.id} workflow={workflow} />
          ))}
        </ul>
      )}
      <CreateWorkflow open={creating} onOpenChange={setCreating} />
    </>
  );
}

function WorkflowRow({ workflow }: { workflow: Workflow }) {
  return (
    <li className="group relative flex items-center gap-4 px-4 py-3 hover:bg-sunken">
      <div className="min-w-0 flex-1">
        <Link
          to="/w/$workflowId"
          params={{ workflowId: workflow.id }}
          search={{}}
          className="font-medium text-sm after:absolute after:inset-0"
        >
          {workflow.name}
        </Link>
        <p dir="auto" className="truncate text-muted-foreground text-xs">
          {workflow.description || (workflow.ticket_tracking ? "No description" : "Ticket tracking is off")}
        </p>
      </div>
      {workflow.ticket_count !== undefined && (
        <span className="tabular w-24 shrink-0 text-right text-muted-foreground text-xs">
          {plural(workflow.ticket_count, "ticket")}
        </span>
      )}
      <span className="hidden w-24 shrink-0 text-right text-muted-foreground text-xs md:block">
        <TimeAgo at={workflow.updated_at ?? workflow.created_at} />
      </span>
      <WorkflowMenu workflow={workflow} />
    </li>
  );
}

function WorkflowMenu({ workflow }: { workflow: Workflow }) {
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.workflows });
  const restore = useMutation({
    mutationFn: () => workflows.restore(workflow.id),
    onSuccess: refresh,
    onError: (error) => toast.error(`Could not restore ${workflow.name}`, { description: explain(error) }),
  });
  const archive = useMutation({
    mutationFn: () => workflows.archive(workflow.id),
    onSuccess: async () => {
      await refresh();
      toast.success(`${workflow.name} archived`, { action: { label: "Undo", onClick: () => restore.mutate() } });
    },
    onError: (error) => toast.error(`Could not archive ${workflow.name}`, { description: explain(error) }),
  });
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" className="relative" aria-label={`Actions for ${workflow.name}`}>
          <MoreHorizontal />
        </Button>
      }
    >
      <MenuItem asChild>
        <Link to="/w/$workflowId/settings" params={{ workflowId: workflow.id }}>
          <Settings2 /> Board settings
        </Link>
      </MenuItem>
      {workflow.archived_at ? (
        <MenuItem onSelect={() => restore.mutate()}>
          <ArchiveRestore /> Restore workflow
        </MenuItem>
      ) : (
        <MenuItem onSelect={() => archive.mutate()}>
          <Archive /> Archive workflow
        </MenuItem>
      )}
    </Menu>
  );
}
