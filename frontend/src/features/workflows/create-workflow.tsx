import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { explain, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";

export function CreateWorkflow({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New workflow"
      description="Choose a board template. You can change its columns later."
    >
      <CreateForm onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function CreateForm({ onDone }: { onDone: () => void }) {
  const draft = useDraft("new-workflow", { name: "", description: "", template: "development" });
  const { name, description, template } = draft.value;
  const set = (change: Partial<typeof draft.value>) => draft.set((old) => ({ ...old, ...change }));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const templates = useQuery({
    queryKey: queryKeys.templates,
    queryFn: ({ signal }) => workflows.templates(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const create = useMutation({
    mutationFn: (_next: "board" | "import") =>
      workflows.create({
        name: name.trim(),
        template,
        ...(description.trim() ? { description: description.trim() } : {}),
      }),
    onSuccess: async (workflow, next) => {
      draft.clear();
      await queries.invalidateQueries({ queryKey: queryKeys.workflows });
      onDone();
      const params = { workflowId: workflow.id };
      if (next === "import") await navigate({ to: "/w/$workflowId/import", params });
      else await navigate({ to: "/w/$workflowId", params, search: {} });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate("board");
  };
  return (
    <form data-draft onSubmit={submit} className="grid gap-4">
      <DraftNote draft={draft} />
      {create.isError && <Notice tone="danger">{explain(create.error)}</Notice>}
      <Field label="Name">
        {(control) => (
          <Input {...control} value={name} onChange={(event) => set({ name: event.target.value })} required autoFocus />
        )}
      </Field>
      <Field label="Description (optional)">
        {(control) => (
          <Input {...control} value={description} onChange={(event) => set({ description: event.target.value })} />
        )}
      </Field>
      <fieldset className="grid gap-1.5">
        <legend className="mb-1.5 font-medium text-xs">Board template</legend>
        <div className="grid gap-2">
          {(templates.data ?? []).map(({ id, board_config }) => (
            <label
              key={id}
              className={cn(
                "flex cursor-pointer flex-col gap-2 rounded-lg border px-3 py-2.5 has-focus-visible:outline-2 has-focus-visible:outline-ring",
                template === id ? "border-primary bg-accent" : "hover:bg-sunken",
              )}
            >
              <span className="flex items-center gap-2 font-medium">
                <input
                  type="radio"
                  name="template"
                  className="accent-primary"
                  checked={template === id}
                  onChange={() => set({ template: id })}
                />
                {board_config.name}
              </span>
              <span className="flex flex-wrap gap-x-3 gap-y-1 pl-5 text-muted-foreground text-xs">
                {[...(board_config?.columns ?? [])]
                  .sort((a, b) => a.order - b.order)
                  .map((column) => (
                    <span key={column.id} className="flex items-center gap-1.5">
                      <span className="size-2 rounded-full" style={{ backgroundColor: cssColor(column.color) }} />
                      {column.name}
                    </span>
                  ))}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <DialogActions>
        <Button onClick={onDone}>Cancel</Button>
        <Button disabled={!name.trim() || create.isPending} onClick={() => create.mutate("import")}>
          Create and import…
        </Button>
        <Button type="submit" variant="primary" disabled={create.isPending}>
          Create workflow
        </Button>
      </DialogActions>
    </form>
  );
}
