import { type FormEvent, useState } from "react";
import { explain } from "@/api";
import type { Milestone } from "@/api/types";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";

export interface MilestoneInput {
  name: string;
  starts_on: string | null;
  due_on: string | null;
}

interface Props {
  start?: Milestone;
  submit: string;
  /** Rejects if the server refuses it. */
  onSubmit: (input: MilestoneInput) => Promise<void>;
  onCancel?: () => void;
}

export function MilestoneForm({ start, submit, onSubmit, onCancel }: Props) {
  const [name, setName] = useState(start?.name ?? "");
  const [startsOn, setStartsOn] = useState(start?.starts_on ?? "");
  const [dueOn, setDueOn] = useState(start?.due_on ?? "");
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
      if (start) return;
      setName("");
      setStartsOn("");
      setDueOn("");
    } catch (refusal) {
      setError(refusal);
    } finally {
      setSaving(false);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)} className="grid gap-3">
      <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_10rem_10rem]">
        <Field label="Name">
          {(control) => (
            <Input {...control} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label="Starts on">
          {(control) => (
            <Input {...control} type="date" value={startsOn} onChange={(event) => setStartsOn(event.target.value)} />
          )}
        </Field>
        <Field label="Due on" error={wrongDays ? "Must not be before the start." : null}>
          {(control) => (
            <Input {...control} type="date" value={dueOn} onChange={(event) => setDueOn(event.target.value)} />
          )}
        </Field>
      </div>
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
