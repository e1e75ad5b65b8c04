import type { FormEvent } from "react";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { TemplatePicker } from "./template-picker";
import { useCreateWorkflow } from "./use-create-workflow";

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
  const { draft, set, create } = useCreateWorkflow(onDone);
  const { name, description, template } = draft.value;
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
      <TemplatePicker value={template} onChange={(next) => set({ template: next })} />
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
