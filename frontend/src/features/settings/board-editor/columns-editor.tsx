import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import type { BoardSettings } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Field, NativeSelect } from "@/ui/field";
import { panelClass, Section } from "@/ui/section";
import { idsOf } from "./board-change";
import { ColumnRow, WIDTHS } from "./column-row";
import { columnName, type DraftColumn, moved, withColumn, withNewColumn, withoutColumn } from "./draft";
import type { EditorProps } from "./editor-props";
import { focusPath } from "./field-fault";
import { POLICIES } from "./labels";
import { columnPath, MAX_ENTRIES } from "./problems";
import { RemoveColumnDialog } from "./remove-column-dialog";
import { ticketsAfter } from "./ticket-count";
import { useSorting } from "./use-sorting";

export function ColumnsEditor({ draft, board, disabled, faults, onChange }: EditorProps) {
  const [removing, setRemoving] = useState<DraftColumn | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const { columns } = draft;
  const ids = idsOf(draft).columns;
  const sorting = useSorting({
    list,
    count: columns.length,
    disabled,
    onMove: (from, to) => onChange((old) => ({ ...old, columns: moved(old.columns, from, to) })),
  });
  const add = () => {
    onChange(withNewColumn);
    focusPath(columnPath(columns.length, "name"));
  };
  const remove = (column: DraftColumn) => {
    if (ticketsAfter(board, draft, column).count > 0) setRemoving(column);
    else onChange((old) => withoutColumn(old, column.key, null));
  };
  return (
    <Section
      title="Columns"
      intro="An active column starts a ticket's timer, a done column resolves the ticket."
      action={
        !disabled && (
          <Button disabled={columns.length >= MAX_ENTRIES} onClick={add}>
            <Plus /> Add column
          </Button>
        )
      }
    >
      <div className={cn(panelClass, sorting.isDragging && "select-none overflow-visible")}>
        <div
          aria-hidden="true"
          className="hidden items-center gap-2 border-b bg-sunken px-3 py-1.5 text-2xs text-muted-foreground sm:flex"
        >
          <span className="ml-16 flex-1">Name</span>
          <span className={WIDTHS.category}>Category</span>
          <span className={WIDTHS.wip}>WIP limit</span>
          <span className={cn("text-right", WIDTHS.count, disabled || "mr-8.5")}>Tickets</span>
        </div>
        <ul ref={list} className="divide-y">
          {columns.map((column, at) => {
            const { transform, isDragged } = sorting.shift(at);
            return (
              <ColumnRow
                key={column.key}
                column={column}
                at={at}
                of={columns.length}
                id={ids.get(column.key) ?? ""}
                tickets={ticketsAfter(board, draft, column)}
                isInitial={draft.initial === column.key}
                disabled={disabled}
                faults={faults}
                handle={sorting.handle(column.key, columnName(column), at)}
                dragged={isDragged}
                style={transform ? { transform } : undefined}
                onChange={(change) => onChange((old) => withColumn(old, column.key, change))}
                onMove={(to) => sorting.moveBy(column.key, columnName(column), at, to)}
                onInitial={() => onChange((old) => ({ ...old, initial: column.key }))}
                onRemove={() => remove(column)}
              />
            );
          })}
        </ul>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Default column" hint="Where new tickets start, unless their creator chooses.">
          {(control) => (
            <NativeSelect
              {...control}
              data-path="board_config.initial_status"
              value={draft.initial}
              disabled={disabled}
              onChange={(event) => onChange((old) => ({ ...old, initial: event.target.value }))}
            >
              {columns.map((column) => (
                <option key={column.key} value={column.key}>
                  {columnName(column)}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="When a column exceeds its WIP limit" hint="Show a warning, or block further tickets.">
          {(control) => (
            <NativeSelect
              {...control}
              value={draft.settings.wip_policy}
              disabled={disabled}
              onChange={(event) => {
                const wip_policy = event.target.value as BoardSettings["wip_policy"];
                onChange((old) => ({ ...old, settings: { ...old.settings, wip_policy } }));
              }}
            >
              {POLICIES.map(([policy, label]) => (
                <option key={policy} value={policy}>
                  {label}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
      </div>
      {removing && (
        <RemoveColumnDialog
          column={removing}
          tickets={ticketsAfter(board, draft, removing)}
          others={columns.filter(({ key }) => key !== removing.key)}
          onCancel={() => setRemoving(null)}
          onRemove={(moveTo) => {
            onChange((old) => withoutColumn(old, removing.key, moveTo));
            setRemoving(null);
          }}
        />
      )}
    </Section>
  );
}
