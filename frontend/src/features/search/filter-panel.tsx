import { useMemo } from "react";
import type { Actor } from "@/api/hooks";
import type { Priority } from "@/api/types";
import { PRIORITIES, PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { TypeIcon } from "@/entities/ticket/type-icon";
import type { BoardShape } from "@/live/context";
import { Button } from "@/ui/button";
import { cssColor } from "@/ui/color";
import { Input, NativeSelect } from "@/ui/field";
import { Facet, Pills, TagsFacet } from "./facets";
import { isFiltering, type SearchState, SILENT_MINUTES, UNASSIGNED, withoutFilters } from "./search-state";

interface Props {
  shape: BoardShape;
  people: readonly Actor[];
  state: SearchState;
  onState: (state: SearchState) => void;
}

const MAX_TAGS = 200;

export function FilterPanel({ shape, people, state, onState }: Props) {
  const { columns, ticket_types } = shape.config;
  const set =
    <Field extends keyof SearchState>(field: Field) =>
    (value: SearchState[Field]) =>
      onState({ ...state, [field]: Array.isArray(value) && value.length === 0 ? undefined : value || undefined });
  const tags = useTags(shape);
  return (
    <section aria-label="Filters" className="grid gap-4">
      <div className="flex h-6 items-center justify-between">
        <h2 className="font-semibold text-sm">Filters</h2>
        {isFiltering(state) && (
          <Button variant="ghost" size="sm" onClick={() => onState(withoutFilters(state))}>
            Clear all
          </Button>
        )}
      </div>
      <Facet title="Status">
        <Pills
          options={columns.map(({ id, name, color }) => ({
            id,
            name,
            icon: <span className="size-2 shrink-0 rounded-full" style={{ backgroundColor: cssColor(color) }} />,
          }))}
          chosen={state.status ?? []}
          onChange={set("status")}
        />
      </Facet>
      <Facet title="Type">
        <Pills
          options={ticket_types.map((type) => ({
            id: type.id,
            name: type.name,
            icon: (
              <span aria-hidden="true">
                <TypeIcon type={type} id={type.id} />
              </span>
            ),
          }))}
          chosen={state.type ?? []}
          onChange={set("type")}
        />
      </Facet>
      <Facet title="Priority">
        <Pills
          options={PRIORITIES.map((id) => ({
            id,
            name: PRIORITY_NAMES[id],
            icon: (
              <span aria-hidden="true">
                <PriorityIcon priority={id} className="size-3" />
              </span>
            ),
          }))}
          chosen={state.priority ?? []}
          onChange={(chosen) => set("priority")(chosen as Priority[])}
        />
      </Facet>
      <Facet title="Assignee">
        <NativeSelect
          aria-label="Assignee"
          value={state.assignee ?? ""}
          onChange={(event) => set("assignee")(event.target.value)}
        >
          <option value="">Anyone</option>
          <option value={UNASSIGNED}>Unassigned</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </NativeSelect>
      </Facet>
      <Facet title="Tags">
        <TagsFacet tags={state.tags ?? []} known={tags} onChange={set("tags")} />
      </Facet>
      <Facet title="Created">
        <div className="grid grid-cols-[2.25rem_minmax(0,1fr)] items-center gap-x-1 gap-y-1.5 text-muted-foreground text-xs">
          <span aria-hidden="true">from</span>
          <Input
            type="date"
            aria-label="Created from"
            max={state.to}
            value={state.from ?? ""}
            onChange={(event) => set("from")(event.target.value)}
          />
          <span aria-hidden="true">to</span>
          <Input
            type="date"
            aria-label="Created to"
            min={state.from}
            value={state.to ?? ""}
            onChange={(event) => set("to")(event.target.value)}
          />
        </div>
      </Facet>
      <Facet title="Blocked">
        <NativeSelect
          aria-label="Blocked"
          value={state.blocked ?? ""}
          onChange={(event) => set("blocked")((event.target.value || undefined) as SearchState["blocked"])}
        >
          <option value="">Any</option>
          <option value="yes">Blocked</option>
          <option value="no">Not blocked</option>
        </NativeSelect>
      </Facet>
      <div className="grid gap-2">
        <Check
          label={`Agent silent for ${SILENT_MINUTES} minutes`}
          checked={state.silent === true}
          onChange={(on) => set("silent")(on || undefined)}
        />
        <Check label="Include completed" checked={!state.open} onChange={(on) => set("open")(on ? undefined : true)} />
        <Check
          label="Search in comments"
          checked={state.comments !== false}
          onChange={(on) => onState({ ...state, comments: on ? undefined : false })}
        />
      </div>
    </section>
  );
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex cursor-pointer items-center gap-2">
      <input
        type="checkbox"
        className="size-4 accent-primary"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

/** Tags of the loaded board's tickets, most used first. */
function useTags({ board }: BoardShape): string[] {
  const cards = board?.cards;
  return useMemo(() => {
    const uses = new Map<string, number>();
    for (const { tags } of cards?.values() ?? []) for (const tag of tags) uses.set(tag, (uses.get(tag) ?? 0) + 1);
    return [...uses]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_TAGS)
      .map(([tag]) => tag);
  }, [cards]);
}
