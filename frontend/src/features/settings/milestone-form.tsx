import { type FormEvent, useState } from "react";
import { explain } from "@/api";
import type { Milestone } from "@/api/types";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";

export interface MilestoneInput {
  name: string;
  starts_on: string | null;
  due_on: string | null;
}

interface Props {
  start?: Milestone;
  /** The place at which what is typed is kept. */
  draft: string;
  submit: string;
  /** Rejects if the server refuses it. */
  onSubmit: (input: MilestoneInput) => Promise<void>;
  onCancel?: () => void;
}

export function MilestoneForm({ start, draft: place, submit, onSubmit, onCancel }: Props) {
  const draft = useDraft(place, {
    name: start?.name ?? "",
    startsOn: start?.starts_on ?? "",
    dueOn: start?.due_on ?? "",
  });
  const { name, startsOn, dueOn } = draft.value;
  const set = (field: keyof typeof draft.value) => (event: { target: { value: string } }) =>
    draft.set((old) => ({ ...old, [field]: event.target.value }));
  const [error, setError] = useState<unknown>(null);
  const [saving, setSaving] = useState(false);
  const wrongDays = startsOn !== "" && dueOn !== "" && startsOn > dueOn;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim() || wrongDays || saving) return;
    setSaving(true);
    setError(null);
    try {
      await onSubmit({ name: name.trim(), starts_on: startsOn || null, due_on: dueOn || null });
      draft.clear();
    } catch (refusal) {
      setError(refusal);
    } finally {
      setSaving(false);
    }
  };
  return (
    <form data-draft onSubmit={(event) => void save(event)} className="grid gap-3">
      <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_10rem_10rem]">
        <Field label="Name">
          {(control) => <Input {...control} value={name} maxLength={200} onChange={set("name")} />}
        </Field>
        <Field label="Starts on">
          {(control) => <Input {...control} type="date" value={startsOn} onChange={set("startsOn")} />}
        </Field>
        <Field label="Due on" error={wrongDays ? "Must not be before the start." : null}>
          {(control) => <Input {...control} type="date" value={dueOn} onChange={set("dueOn")} />}
        </Field>
      </div>
      <DraftNote draft={draft} what="milestone" />
      {error !== null && <Notice tone="danger">{explain(error)}</Notice>}
      <div className="flex gap-2">
        <Button type="submit" variant={start ? "primary" : undefined} disabled={!name.trim() || wrongDays || saving}>
          {submit}
        </Button>
        {onCancel && (
          <Button type="button" variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}
