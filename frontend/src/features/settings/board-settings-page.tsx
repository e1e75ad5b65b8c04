import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { FormEvent } from "react";
import { explain, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Workflow } from "@/api/types";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoard } from "@/live/context";
import type { BoardState } from "@/live/state/board";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input, NativeSelect, SwitchRow } from "@/ui/field";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";
import { useTitle } from "@/ui/use-title";
import { BoardSummary } from "./board-summary";
import { DeletedTickets } from "./deleted-tickets";
import { InviteSection } from "./invite-section";
import { Members } from "./members";
import { Milestones } from "./milestones";
import { Webhooks } from "./webhooks";

export function BoardSettingsPage() {
  const { workflowId } = useParams({ strict: false }) as { workflowId: string };
  const { board, error, retry } = useBoard(workflowId);
  if (error && !board) return <WorkflowFailure what="the board" error={error} onRetry={retry} />;
  if (!board) return <Spinner label="Loading the board…" className="flex-1" />;
  return <Settings board={board} workflowId={workflowId} />;
}

const linkClass = "text-accent-foreground text-xs underline underline-offset-3";

function Settings({ board, workflowId }: { board: BoardState; workflowId: string }) {
  useTitle(`Settings for ${board.workflow.name}`);
  const editable = board.workflow.role === "owner" && !board.workflow.archived_at;
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-8 px-4 pt-6 pb-24">
        <div>
          <Link
            to="/w/$workflowId"
            params={{ workflowId }}
            search={{}}
            className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
          >
            <ArrowLeft className="size-3.5" /> Back to board
          </Link>
          <h1 className="font-semibold text-lg tracking-tight">Settings for {board.workflow.name}</h1>
          {board.workflow.role === "owner" && (
            <div className="flex flex-wrap gap-x-4 gap-y-1">
              {editable && (
                <Link to="/w/$workflowId/import" params={{ workflowId }} className={linkClass}>
                  Import…
                </Link>
              )}
              <Link to="/w/$workflowId/settings/security" params={{ workflowId }} className={linkClass}>
                Security events
              </Link>
            </div>
          )}
        </div>
        {!editable && (
          <Notice>
            {board.workflow.archived_at
              ? "This workflow is archived. Restore it to change its settings."
              : "Only owners can change these settings."}
          </Notice>
        )}
        <General workflow={board.workflow} editable={editable} />
        <BoardSummary board={board} editable={editable} />
        <Milestones board={board} workflowId={workflowId} />
        <Members workflowId={workflowId} editable={editable} />
        {editable && <InviteSection workflowId={workflowId} />}
        <DeletedTickets board={board} workflowId={workflowId} />
        {board.workflow.role === "owner" && <Webhooks workflowId={workflowId} editable={editable} />}
      </div>
    </div>
  );
}

/** The zones that the browser knows, and the current one. */
function timeZones(current: string): string[] {
  return [...new Set([current, "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

function General({ workflow, editable }: { workflow: Workflow; editable: boolean }) {
  const queries = useQueryClient();
  const draft = useDraft(`workflow.${workflow.id}.general`, {
    name: workflow.name,
    description: workflow.description ?? "",
    timeZone: workflow.time_zone ?? "UTC",
  });
  const { name, description, timeZone } = draft.value;
  const set = (field: keyof typeof draft.value) => (event: { target: { value: string } }) =>
    draft.set((old) => ({ ...old, [field]: event.target.value }));
  const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.workflows });
  const save = useMutation({
    mutationFn: () =>
      workflows.update(workflow.id, { name: name.trim(), description: description.trim(), time_zone: timeZone }),
    onSuccess: () => {
      draft.clear();
      toast.success("Changes saved");
    },
    onError: (error) => toast.error("Could not save the changes", { description: explain(error) }),
    onSettled: refresh,
  });
  const tracking = useMutation({
    mutationFn: (enabled: boolean) => workflows.setTracking(workflow.id, enabled),
    onError: (error) => toast.error("Could not change ticket tracking", { description: explain(error) }),
    onSettled: refresh,
  });
  const changed =
    name.trim() !== workflow.name ||
    description.trim() !== (workflow.description ?? "") ||
    timeZone !== (workflow.time_zone ?? "UTC");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && changed) save.mutate();
  };
  return (
    <Section title="General">
      <form data-draft onSubmit={submit} className={`${panelClass} grid gap-4 p-4`}>
        <DraftNote draft={draft} what="workflow" />
        <Field label="Name">
          {(control) => <Input {...control} value={name} disabled={!editable} onChange={set("name")} />}
        </Field>
        <Field label="Description">
          {(control) => <Input {...control} value={description} disabled={!editable} onChange={set("description")} />}
        </Field>
        <Field label="Time zone" hint="Days of filters and statistics begin and end in it.">
          {(control) => (
            <NativeSelect {...control} value={timeZone} disabled={!editable} onChange={set("timeZone")}>
              {timeZones(timeZone).map((zone) => (
                <option key={zone} value={zone}>
                  {zone}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        {changed && (
          <div>
            <Button type="submit" variant="primary" disabled={save.isPending || !name.trim()}>
              Save changes
            </Button>
          </div>
        )}
        <div className="-mb-2 border-t pt-1.5">
          <SwitchRow
            label="Ticket tracking"
            hint="When off, tickets are read-only."
            checked={workflow.ticket_tracking}
            disabled={!editable || tracking.isPending}
            onChange={(enabled) => tracking.mutate(enabled)}
          />
        </div>
      </form>
    </Section>
  );
}
