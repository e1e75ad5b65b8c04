import { ArrowDown, ArrowUp, CircleDot, MoreHorizontal, Plus, Trash2 } from "lucide-react";
import { type CSSProperties, useId, useRef } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Field, Input, NativeSelect } from "@/ui/field";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { panelClass, Section } from "@/ui/section";
import { type DraftType, moved, typeName, withNewType, withoutType, withType } from "./draft";
import type { EditorProps } from "./editor-props";
import { FieldFault, faultProps, focusPath } from "./field-fault";
import { IconPicker } from "./icon-picker";
import { type Fault, faultAt, MAX_ENTRIES, MAX_NAME, typePath } from "./problems";
import { ColorInput, SortHandle } from "./sort-handle";
import { useSorting } from "./use-sorting";

export function TypesEditor({ draft, board, disabled, faults, onChange }: EditorProps) {
  const list = useRef<HTMLUListElement>(null);
  const { types } = draft;
  const sorting = useSorting({
    list,
    count: types.length,
    disabled,
    onMove: (from, to) => onChange((old) => ({ ...old, types: moved(old.types, from, to) })),
  });
  const counts = new Map<string, number>();
  for (const { ticket_type } of board.cards.values()) counts.set(ticket_type, (counts.get(ticket_type) ?? 0) + 1);
  const known = new Set(types.map(({ id }) => id));
  const orphans = board.config.ticket_types.filter(({ id }) => !known.has(id) && counts.has(id));
  const add = () => {
    onChange(withNewType);
    focusPath(typePath(types.length, "name"));
  };
  return (
    <Section
      title="Ticket types"
      intro="The icon and the color of a type are on its cards."
      action={
        !disabled && (
          <Button disabled={types.length >= MAX_ENTRIES} onClick={add}>
            <Plus /> Add type
          </Button>
        )
      }
    >
      <ul ref={list} className={cn(panelClass, "divide-y", sorting.isDragging && "select-none overflow-visible")}>
        {types.map((type, at) => {
          const { transform, isDragged } = sorting.shift(at);
          return (
            <TypeRow
              key={type.key}
              type={type}
              at={at}
              of={types.length}
              count={type.id ? (counts.get(type.id) ?? 0) : 0}
              isDefault={draft.defaultType === type.key}
              disabled={disabled}
              faults={faults}
              handle={sorting.handle(type.key, typeName(type), at)}
              dragged={isDragged}
              style={transform ? { transform } : undefined}
              onChange={(change) => onChange((old) => withType(old, type.key, change))}
              onMove={(to) => sorting.moveBy(type.key, typeName(type), at, to)}
              onDefault={() => onChange((old) => ({ ...old, defaultType: type.key }))}
              onRemove={() => onChange((old) => withoutType(old, type.key))}
            />
          );
        })}
      </ul>
      {orphans.map(({ id, name }) => (
        <p key={id} className="text-warning text-xs">
          {plural(counts.get(id) ?? 0, "ticket")} of the removed type “{name}” on the board: they keep it, without its
          name and color.
        </p>
      ))}
      <Field label="Default type" hint="The type of new tickets, unless their creator chooses." className="sm:max-w-88">
        {(control) => (
          <NativeSelect
            {...control}
            data-path="board_config.default_ticket_type"
            value={draft.defaultType}
            disabled={disabled}
            onChange={(event) => onChange((old) => ({ ...old, defaultType: event.target.value }))}
          >
            {types.map((type) => (
              <option key={type.key} value={type.key}>
                {typeName(type)}
              </option>
            ))}
          </NativeSelect>
        )}
      </Field>
    </Section>
  );
}

interface RowProps {
  type: DraftType;
  at: number;
  of: number;
  /** Tickets of the type on the board. */
  count: number;
  isDefault: boolean;
  disabled: boolean;
  faults: readonly Fault[];
  handle: React.ComponentProps<"button">;
  dragged: boolean;
  style: CSSProperties | undefined;
  onChange: (change: Partial<DraftType>) => void;
  onMove: (to: number) => void;
  onDefault: () => void;
  onRemove: () => void;
}

function TypeRow(props: RowProps) {
  const { type, at, of, count, isDefault, disabled, faults, handle, dragged, style, onChange } = props;
  const note = useId();
  const name = typeName(type);
  const fault = (field: string) => faultAt(faults, typePath(at, field));
  const control = (field: string) => faultProps(typePath(at, field), fault(field), `${note}-${field}`);
  return (
    <li
      style={style}
      className={cn(
        "relative grid grid-cols-1 gap-1.5 bg-surface px-3 py-2 transition-transform",
        dragged && "z-10 rounded-lg shadow-pop transition-none",
      )}
    >
      <div className="flex items-center gap-2">
        <SortHandle {...handle} />
        <ColorInput
          aria-label={`Color of ${name}`}
          value={type.color}
          disabled={disabled}
          {...control("color")}
          onChange={(event) => onChange({ color: event.target.value })}
        />
        <IconPicker type={type} disabled={disabled} onChange={(icon) => onChange({ icon })} />
        <span className="relative min-w-0 flex-1">
          <Input
            aria-label={`Name of type ${at + 1}`}
            value={type.name}
            placeholder="Name"
            disabled={disabled}
            maxLength={MAX_NAME}
            className={cn(isDefault && "pr-18")}
            {...control("name")}
            onChange={(event) => onChange({ name: event.target.value })}
          />
          {isDefault && (
            <span className="pointer-events-none absolute top-1.5 right-1.5 rounded bg-accent px-1.5 text-2xs text-accent-foreground leading-5">
              Default
            </span>
          )}
        </span>
        <span className="tabular hidden w-22 shrink-0 whitespace-nowrap text-right text-muted-foreground text-xs sm:block">
          {plural(count, "ticket")}
        </span>
        {!disabled && (
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label={`Actions for type ${name}`} className="-mr-1.5">
                <MoreHorizontal />
              </Button>
            }
          >
            <MenuItem disabled={at === 0} onSelect={() => props.onMove(at - 1)}>
              <ArrowUp /> Move up
            </MenuItem>
            <MenuItem disabled={at === of - 1} onSelect={() => props.onMove(at + 1)}>
              <ArrowDown /> Move down
            </MenuItem>
            <MenuItem disabled={isDefault} onSelect={props.onDefault}>
              <CircleDot /> Make default type
            </MenuItem>
            <MenuSeparator />
            <MenuItem danger disabled={of === 1} onSelect={props.onRemove}>
              <Trash2 /> Delete type
            </MenuItem>
          </Menu>
        )}
      </div>
      <div className="ml-26 empty:hidden">
        {["name", "id", "icon", "color"].map((field) => (
          <FieldFault key={field} id={`${note}-${field}`} message={fault(field)} />
        ))}
      </div>
    </li>
  );
}
