import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Category } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, NativeSelect } from "@/ui/field";
import { plural } from "@/ui/plural";
import { type Draft, type DraftColumn, swapped, withNewColumn, withoutColumn } from "./board-draft";
import { panelClass, Section } from "./section";

interface Props {
  draft: Draft;
  counts: ReadonlyMap<string, number>;
  disabled: boolean;
  onChange: (draft: Draft) => void;
}

const CATEGORIES: ReadonlyArray<[Category, string]> = [
  ["todo", "To do"],
  ["active", "Active"],
  ["done", "Done"],
];

export function ColumnsEditor({ draft, counts, disabled, onChange }: Props) {
  const [removing, setRemoving] = useState<DraftColumn | null>(null);
  const set = (key: string, change: Partial<DraftColumn>) =>
    onChange({
      ...draft,
      columns: draft.columns.map((column) => (column.key === key ? { ...column, ...change } : column)),
    });
  const ticketsIn = (column: DraftColumn) => (column.id ? (counts.get(column.id) ?? 0) : 0);
  const remove = (column: DraftColumn) =>
    ticketsIn(column) > 0 ? setRemoving(column) : onChange(withoutColumn(draft, column.key, null));

  return (
    <Section
      title="Columns"
      intro="In board order. Moving a ticket to an active column starts its timer, moving it to a done column resolves it."
      action={
        <Button disabled={disabled} onClick={() => onChange(withNewColumn(draft))}>
          <Plus /> Add column
        </Button>
      }
    >
      <ul className={`${panelClass} divide-y`}>
        {draft.columns.map((column, at) => {
          const name = column.name || "New column";
          return (
            <li key={column.key} className="flex flex-wrap items-center gap-2 px-3 py-2 sm:flex-nowrap">
              <input
                type="color"
                aria-label={`Color of ${name}`}
                value={/^#[0-9a-f]{6}$/i.test(column.color) ? column.color : "#6b7280"}
                disabled={disabled}
                onChange={(event) => set(column.key, { color: event.target.value })}
                className="size-7 shrink-0 cursor-pointer rounded-md border border-border-strong bg-surface p-0.5"
              />
              <Input
                aria-label={`Name of column ${at + 1}`}
                value={column.name}
                disabled={disabled}
                placeholder="Name"
                className="min-w-32 flex-1"
                onChange={(event) => set(column.key, { name: event.target.value })}
              />
              <NativeSelect
                aria-label={`Category of ${name}`}
                value={column.category}
                disabled={disabled}
                className="w-28 shrink-0"
                onChange={(event) => set(column.key, { category: event.target.value as Category })}
              >
                {CATEGORIES.map(([id, label]) => (
                  <option key={id} value={id}>
                    {label}
                  </option>
                ))}
              </NativeSelect>
              <Input
                aria-label={`WIP limit of ${name}`}
                title="Maximum number of tickets (WIP limit)"
                inputMode="numeric"
                placeholder="No limit"
                value={column.wip}
                disabled={disabled}
                className="w-20 shrink-0"
                onChange={(event) => set(column.key, { wip: event.target.value })}
              />
              <span className="tabular w-20 shrink-0 text-right text-muted-foreground text-xs">
                {plural(ticketsIn(column), "ticket")}
              </span>
              <span className="ml-auto flex shrink-0">
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Move ${name} up`}
                  disabled={disabled || at === 0}
                  onClick={() => onChange({ ...draft, columns: swapped(draft.columns, at, -1) })}
                >
                  <ArrowUp />
                </Button>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Move ${name} down`}
                  disabled={disabled || at === draft.columns.length - 1}
                  onClick={() => onChange({ ...draft, columns: swapped(draft.columns, at, 1) })}
                >
                  <ArrowDown />
                </Button>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Delete ${name}`}
                  disabled={disabled || draft.columns.length === 1}
                  onClick={() => remove(column)}
                >
                  <Trash2 />
                </Button>
              </span>
            </li>
          );
        })}
      </ul>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Default column">
          {(control) => (
            <NativeSelect
              {...control}
              value={draft.initial}
              disabled={disabled}
              onChange={(event) => onChange({ ...draft, initial: event.target.value })}
            >
              {draft.columns.map((column) => (
                <option key={column.key} value={column.key}>
                  {column.name || "New column"}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="Default type">
          {(control) => (
            <NativeSelect
              {...control}
              value={draft.defaultType}
              disabled={disabled}
              onChange={(event) => onChange({ ...draft, defaultType: event.target.value })}
            >
              {draft.types.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
      </div>
      {removing && (
        <RemoveDialog
          column={removing}
          count={ticketsIn(removing)}
          others={draft.columns.filter(({ key }) => key !== removing.key)}
          onCancel={() => setRemoving(null)}
          onRemove={(moveTo) => {
            onChange(withoutColumn(draft, removing.key, moveTo));
            setRemoving(null);
          }}
        />
      )}
    </Section>
  );
}

interface RemoveProps {
  column: DraftColumn;
  count: number;
  others: readonly DraftColumn[];
  onCancel: () => void;
  onRemove: (takenBy: string) => void;
}

function RemoveDialog({ column, count, others, onCancel, onRemove }: RemoveProps) {
  const [moveTo, setMoveTo] = useState(others[0]?.key ?? "");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onCancel()}
      title={`Delete column ${column.name}`}
      description={`It has ${plural(count, "ticket")}. They are moved to another column.`}
    >
      <Field label="Move tickets to">
        {(control) => (
          <NativeSelect {...control} value={moveTo} onChange={(event) => setMoveTo(event.target.value)}>
            {others.map(({ key, name }) => (
              <option key={key} value={key}>
                {name || "New column"}
              </option>
            ))}
          </NativeSelect>
        )}
      </Field>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button variant="danger" onClick={() => onRemove(moveTo)}>
          Delete column
        </Button>
      </DialogActions>
    </Dialog>
  );
}
