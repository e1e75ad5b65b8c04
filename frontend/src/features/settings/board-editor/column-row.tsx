import { ArrowDown, ArrowUp, CircleDot, Fingerprint, MoreHorizontal, Trash2 } from "lucide-react";
import { type CSSProperties, useId, useState } from "react";
import type { Category } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Field, Input, NativeSelect } from "@/ui/field";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { columnName, type DraftColumn } from "./draft";
import { FieldFault, faultProps } from "./field-fault";
import { CATEGORIES } from "./labels";
import { columnPath, type Fault, faultAt, MAX_NAME } from "./problems";
import { ColorInput, SortHandle } from "./sort-handle";
import { describeCount, type TicketCount } from "./ticket-count";

/** Widths that the row and the headings above it share. */
export const WIDTHS = { category: "w-28", wip: "w-22", count: "sm:w-22" };

interface Props {
  column: DraftColumn;
  at: number;
  of: number;
  /** The id that it has or gets. */
  id: string;
  tickets: TicketCount;
  isInitial: boolean;
  disabled: boolean;
  faults: readonly Fault[];
  handle: React.ComponentProps<"button">;
  dragged: boolean;
  style: CSSProperties | undefined;
  onChange: (change: Partial<DraftColumn>) => void;
  onMove: (to: number) => void;
  onInitial: () => void;
  onRemove: () => void;
}

export function ColumnRow(props: Props) {
  const { column, at, of, id, tickets, isInitial, disabled, faults, handle, dragged, style, onChange } = props;
  const note = useId();
  const [showsId, setShowsId] = useState(false);
  const name = columnName(column);
  const fault = (field: string) => faultAt(faults, columnPath(at, field));
  const control = (field: string) => faultProps(columnPath(at, field), fault(field), `${note}-${field}`);
  const hasIdField = showsId || column.newId !== "" || fault("id") !== undefined;
  return (
    <li
      data-column-row={column.id ?? "new"}
      style={style}
      className={cn(
        "relative grid grid-cols-1 gap-1.5 bg-surface px-3 py-2 transition-transform",
        dragged && "z-10 rounded-lg shadow-pop transition-none",
      )}
    >
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1.5 sm:flex-nowrap">
        <SortHandle {...handle} />
        <ColorInput
          aria-label={`Color of ${name}`}
          value={column.color}
          disabled={disabled}
          {...control("color")}
          onChange={(event) => onChange({ color: event.target.value })}
        />
        <span className="relative min-w-32 flex-1">
          <Input
            aria-label={`Name of column ${at + 1}`}
            value={column.name}
            disabled={disabled}
            placeholder="Name"
            maxLength={MAX_NAME}
            className={cn(isInitial && "pr-18")}
            {...control("name")}
            onChange={(event) => onChange({ name: event.target.value })}
          />
          {isInitial && (
            <span
              title="New tickets start here"
              className="pointer-events-none absolute top-1.5 right-1.5 rounded bg-accent px-1.5 text-2xs text-accent-foreground leading-5"
            >
              Default
            </span>
          )}
        </span>
        <span className="flex items-center gap-2 max-sm:order-last max-sm:w-full max-sm:pl-6 pointer-coarse:max-sm:pl-8">
          <NativeSelect
            aria-label={`Category of ${name}`}
            value={column.category}
            disabled={disabled}
            className={cn("shrink-0", WIDTHS.category)}
            {...control("category")}
            onChange={(event) => onChange({ category: event.target.value as Category })}
          >
            {CATEGORIES.map(([category, label]) => (
              <option key={category} value={category}>
                {label}
              </option>
            ))}
          </NativeSelect>
          <Input
            aria-label={`WIP limit of ${name}`}
            inputMode="numeric"
            placeholder="No limit"
            value={column.wip}
            disabled={disabled}
            className={cn("tabular shrink-0", WIDTHS.wip)}
            {...control("wip_limit")}
            onChange={(event) => onChange({ wip: event.target.value })}
          />
          <span
            className={cn(
              "tabular shrink-0 whitespace-nowrap text-right text-muted-foreground text-xs max-sm:ml-auto",
              WIDTHS.count,
            )}
          >
            {describeCount(tickets)}
          </span>
        </span>
        {!disabled && <RowMenu {...props} name={name} at={at} of={of} onShowId={() => setShowsId(true)} />}
      </div>
      {hasIdField && (
        <Field
          label={`ID of ${name}`}
          error={fault("id") ?? null}
          hint="Agents and API clients name the column by it. Tickets are kept."
          className="mb-1 ml-16 max-w-72"
        >
          {(idControl) => (
            <Input
              {...idControl}
              data-path={columnPath(at, "id")}
              value={column.newId}
              placeholder={id}
              disabled={disabled}
              autoFocus={showsId}
              maxLength={50}
              spellCheck={false}
              className="font-mono text-xs"
              onChange={(event) => onChange({ newId: event.target.value.trim() })}
            />
          )}
        </Field>
      )}
      <div className="ml-16 empty:hidden">
        {["name", "wip_limit", "color", "category"].map((field) => (
          <FieldFault key={field} id={`${note}-${field}`} message={fault(field)} />
        ))}
      </div>
    </li>
  );
}

interface MenuProps extends Props {
  name: string;
  onShowId: () => void;
}

function RowMenu({ name, at, of, isInitial, onMove, onInitial, onRemove, onShowId }: MenuProps) {
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={`Actions for ${name}`} className="-mr-1.5">
          <MoreHorizontal />
        </Button>
      }
    >
      <MenuItem disabled={at === 0} onSelect={() => onMove(at - 1)}>
        <ArrowUp /> Move up
      </MenuItem>
      <MenuItem disabled={at === of - 1} onSelect={() => onMove(at + 1)}>
        <ArrowDown /> Move down
      </MenuItem>
      <MenuItem disabled={isInitial} onSelect={onInitial}>
        <CircleDot /> Make default column
      </MenuItem>
      <MenuItem onSelect={onShowId}>
        <Fingerprint /> Change ID…
      </MenuItem>
      <MenuSeparator />
      <MenuItem danger disabled={of === 1} onSelect={onRemove}>
        <Trash2 /> Delete column
      </MenuItem>
    </Menu>
  );
}
