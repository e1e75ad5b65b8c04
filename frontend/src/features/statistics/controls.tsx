import { useState } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, NativeSelect } from "@/ui/field";
import { formatShortDay } from "./formats";
import {
  GROUP_NAMES,
  type Group,
  PRESETS,
  type Preset,
  type Range,
  rangeError,
  type StatisticsState,
  UNIT_NAMES,
  type Unit,
} from "./statistics-state";

interface Props {
  state: StatisticsState;
  onState: (state: StatisticsState) => void;
  range: Range;
  today: string;
  /** The time zone of the workflow. */
  workflowZone: string;
}

const PRESET_NAMES: Record<Preset, string> = { "7d": "7 days", "30d": "30 days", "90d": "90 days" };

/** The range, the length of periods, the group and the time zone of all charts. */
export function Controls({ state, onState, range, today, workflowZone }: Props) {
  const [choosing, setChoosing] = useState(false);
  const segment = (chosen: boolean) =>
    cn(
      "h-7 whitespace-nowrap rounded px-2.5 text-xs",
      chosen ? "bg-surface font-medium text-foreground shadow-card" : "text-muted-foreground hover:text-foreground",
    );
  return (
    <search className="flex flex-wrap items-center gap-2" aria-label="What the charts show">
      <fieldset className="flex h-8 items-center gap-0.5 rounded-md bg-muted p-0.5">
        <legend className="sr-only">Range</legend>
        {(Object.keys(PRESETS) as Preset[]).map((preset) => (
          <button
            key={preset}
            type="button"
            aria-pressed={range.preset === preset}
            className={segment(range.preset === preset)}
            onClick={() => onState({ ...state, range: preset, from: undefined, to: undefined })}
          >
            {PRESET_NAMES[preset]}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={range.preset === null}
          className={segment(range.preset === null)}
          onClick={() => setChoosing(true)}
        >
          {range.preset === null ? `${formatShortDay(range.from)} – ${formatShortDay(range.to)}` : "Custom…"}
        </button>
      </fieldset>
      <NativeSelect
        aria-label="Length of a period"
        className="w-auto"
        value={range.unit}
        onChange={({ target }) => onState({ ...state, unit: target.value as Unit })}
      >
        {(Object.keys(UNIT_NAMES) as Unit[]).map((unit) => (
          <option key={unit} value={unit}>
            By {UNIT_NAMES[unit].toLowerCase()}
          </option>
        ))}
      </NativeSelect>
      <NativeSelect
        aria-label="Group cycle times by"
        className={cn("w-auto", state.group && "is-set")}
        value={state.group ?? ""}
        onChange={({ target }) => onState({ ...state, group: (target.value || undefined) as Group | undefined })}
      >
        <option value="">No group</option>
        {(Object.keys(GROUP_NAMES) as Group[]).map((group) => (
          <option key={group} value={group}>
            Cycle times by {GROUP_NAMES[group].toLowerCase()}
          </option>
        ))}
      </NativeSelect>
      <ZoneSelect
        zone={state.tz}
        workflowZone={workflowZone}
        onZone={(tz) => onState({ ...state, tz: tz || undefined })}
      />
      {choosing && (
        <CustomRange
          range={range}
          today={today}
          onClose={() => setChoosing(false)}
          onRange={(from, to) => onState({ ...state, range: undefined, from, to })}
        />
      )}
    </search>
  );
}

interface ZoneProps {
  zone: string | undefined;
  workflowZone: string;
  onZone: (zone: string) => void;
}

function ZoneSelect({ zone, workflowZone, onZone }: ZoneProps) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const near = [...new Set([own, "UTC", ...(zone ? [zone] : [])])].filter((each) => each !== workflowZone);
  // The whole list is long, so it is there only when somebody wants it.
  const [all, setAll] = useState(false);
  const others = all ? Intl.supportedValuesOf("timeZone").filter((each) => !near.includes(each)) : [];
  return (
    <NativeSelect
      aria-label="Time zone"
      className={cn("w-auto max-w-56", zone && "is-set")}
      value={zone ?? ""}
      onPointerDown={() => setAll(true)}
      onFocus={() => setAll(true)}
      onChange={({ target }) => onZone(target.value)}
    >
      <option value="">{workflowZone} (workflow)</option>
      {near.map((each) => (
        <option key={each} value={each}>
          {each === own ? `${each} (this browser)` : each}
        </option>
      ))}
      {others.length > 0 && (
        <optgroup label="All time zones">
          {others.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </optgroup>
      )}
    </NativeSelect>
  );
}

interface CustomProps {
  range: Range;
  today: string;
  onRange: (from: string, to: string) => void;
  onClose: () => void;
}

function CustomRange({ range, today, onRange, onClose }: CustomProps) {
  const [from, setFrom] = useState(range.from);
  const [to, setTo] = useState(range.to);
  const error = rangeError(from, to);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Custom range"
      description="Both days are in the range."
      className="max-w-sm"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (error) return;
          onRange(from, to);
          onClose();
        }}
      >
        <div className="grid grid-cols-2 gap-3">
          <Field label="First day" error={error}>
            {(control) => (
              <Input {...control} type="date" required value={from} onChange={({ target }) => setFrom(target.value)} />
            )}
          </Field>
          <Field label="Last day">
            {(control) => (
              <Input
                {...control}
                type="date"
                required
                max={today}
                value={to}
                onChange={({ target }) => setTo(target.value)}
              />
            )}
          </Field>
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={error !== null}>
            Show
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
