import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { explain, milestones } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { MilestoneProgress } from "@/api/types";
import { todayIn } from "@/entities/ticket/due";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";
import { MilestoneDays } from "./milestone-days";
import { MilestoneForm, type MilestoneInput } from "./milestone-form";

interface Props {
  board: BoardState;
  workflowId: string;
}

/** The milestones of a workflow: members plan, owners delete. */
export function Milestones({ board, workflowId }: Props) {
  const { role, archived_at, time_zone } = board.workflow;
  const editable = role !== "viewer" && !archived_at;
  const queries = useQueryClient();
  // The names and days come with the board's events, the numbers of tickets do not.
  const changes = [...board.milestones.values()].map(({ name, due_on, is_closed }) => `${name} ${due_on} ${is_closed}`);
  const list = useQuery({
    queryKey: [...queryKeys.milestones(workflowId), changes.join("\n")],
    queryFn: ({ signal }) => milestones.list(workflowId, signal),
    placeholderData: (before) => before,
  });
  const [editing, setEditing] = useState<string | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.milestones(workflowId) });
  const create = useMutation({
    mutationFn: (input: MilestoneInput) => milestones.create(workflowId, input),
    onSettled: refresh,
  });
  const update = useMutation({
    mutationFn: ({ id, ...changed }: Partial<MilestoneInput> & { id: string; is_closed?: boolean }) =>
      milestones.update(id, changed),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: (id: string) => milestones.remove(id),
    onSuccess: ({ message }) => toast.success(message),
    onError: (error) => toast.error("Could not delete the milestone", { description: explain(error) }),
    onSettled: refresh,
  });
  const close = (id: string, is_closed: boolean) =>
    update.mutate(
      { id, is_closed },
      { onError: (error) => toast.error("Could not change the milestone", { description: explain(error) }) },
    );
  const confirmAndRemove = async ({ milestone_id, name, ticket_count }: MilestoneProgress) => {
    const yes = await confirm({
      title: `Delete “${name}”?`,
      description:
        ticket_count > 0 ? `${plural(ticket_count, "ticket")} will be in no milestone.` : "It has no tickets.",
      submit: "Delete milestone",
    });
    if (yes) remove.mutate(milestone_id);
  };
  const today = todayIn(time_zone);
  return (
    <Section
      title="Milestones"
      intro="What is to be done by a day, such as a release or a sprint. Closed milestones keep their tickets and take no more."
    >
      {list.isPending && <Spinner label="Loading milestones…" />}
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.data?.length === 0 && (
        <p className={`${panelClass} px-4 py-3 text-muted-foreground`}>
          No milestones yet.{" "}
          {editable
            ? "Name the first one below; tickets are then put into it, and Statistics shows its burndown."
            : "Members plan them here."}
        </p>
      )}
      {list.data && list.data.length > 0 && (
        <ul className={`${panelClass} divide-y`} aria-label="Milestones">
          {list.data.map((one) => (
            <li key={one.milestone_id} className="px-3 py-2">
              {editing === one.milestone_id ? (
                <MilestoneForm
                  start={one}
                  draft={`milestone.${one.milestone_id}`}
                  submit="Save milestone"
                  onSubmit={async (input) => {
                    await update.mutateAsync({ id: one.milestone_id, ...input });
                    setEditing(null);
                  }}
                  onCancel={() => setEditing(null)}
                />
              ) : (
                <Entry
                  one={one}
                  today={today}
                  editable={editable}
                  deletable={editable && role === "owner"}
                  onEdit={() => setEditing(one.milestone_id)}
                  onClose={(is_closed) => close(one.milestone_id, is_closed)}
                  onDelete={() => void confirmAndRemove(one)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {editable && (
        <div className={`${panelClass} p-3`}>
          <MilestoneForm
            draft={`workflow.${workflowId}.new-milestone`}
            submit="Create milestone"
            onSubmit={async (input) => {
              await create.mutateAsync(input);
            }}
          />
        </div>
      )}
    </Section>
  );
}

interface EntryProps {
  one: MilestoneProgress;
  today: string;
  editable: boolean;
  deletable: boolean;
  onEdit: () => void;
  onClose: (is_closed: boolean) => void;
  onDelete: () => void;
}

function Entry({ one, today, editable, deletable, onEdit, onClose, onDelete }: EntryProps) {
  const { name, is_closed, ticket_count, resolved_count } = one;
  const share = ticket_count > 0 ? resolved_count / ticket_count : 0;
  const button = (label: string, icon: React.ReactNode, act: () => void) => (
    <Tooltip label={label}>
      <Button variant="ghost" size="icon-sm" aria-label={`${label} ${name}`} onClick={act}>
        {icon}
      </Button>
    </Tooltip>
  );
  return (
    <div className="flex items-center gap-3">
      <div className="min-w-0 flex-1">
        <p className={cn("truncate font-medium", is_closed && "text-muted-foreground")}>
          {name}
          {is_closed && <span className="font-normal"> (closed)</span>}
        </p>
        <p className="flex flex-wrap items-center gap-x-2 text-muted-foreground text-xs">
          <MilestoneDays one={one} today={today} />
          <span className="tabular">
            {resolved_count.toLocaleString(LOCALE)} of {ticket_count.toLocaleString(LOCALE)} resolved
          </span>
        </p>
        <span className="mt-1 block h-1 overflow-hidden rounded-full bg-muted" aria-hidden="true">
          <span className="block h-full rounded-full bg-primary" style={{ width: `${share * 100}%` }} />
        </span>
      </div>
      {editable && (
        <div className="flex shrink-0">
          {button("Edit", <Pencil />, onEdit)}
          {is_closed
            ? button("Reopen", <RotateCcw />, () => onClose(false))
            : button("Close", <Check />, () => onClose(true))}
          {deletable && button("Delete", <Trash2 />, onDelete)}
        </div>
      )}
    </div>
  );
}
