import { AlertTriangle, ChevronDown } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { SwitchRow } from "@/ui/field";
import { Menu, MenuItem } from "@/ui/menu";
import { panelClass, Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { useMedia } from "@/ui/use-media";
import type { EditorProps } from "./editor-props";
import { FieldFault } from "./field-fault";
import { faultAt, TRANSITIONS_PATH } from "./problems";
import { TransitionList } from "./transition-list";
import { TransitionMatrix } from "./transition-matrix";
import { allMoves, matrixWarnings, type Preset, presetMoves, withRestriction } from "./transitions";

const PRESETS: ReadonlyArray<[Preset, string]> = [
  ["all", "Every move"],
  ["neighbors", "To the next and previous column"],
  ["forward", "Only to later columns"],
];

export function TransitionsEditor(props: EditorProps) {
  const { draft, disabled, faults, onChange } = props;
  const narrow = useMedia("(max-width: 639px)");
  // What was chosen comes back when the switch is turned on again.
  const chosen = useRef<readonly string[] | null>(null);
  const restrict = (restricted: boolean) => {
    if (!restricted) chosen.current = draft.transitions;
    const kept = chosen.current?.length ? chosen.current : allMoves(draft.columns);
    const present = new Set(allMoves(draft.columns));
    onChange((old) => withRestriction(old, restricted ? kept.filter((move) => present.has(move)) : null));
  };
  const warnings = matrixWarnings(draft);
  return (
    <Section
      title="Transitions"
      intro="Which moves between columns are allowed."
      action={
        draft.restricted &&
        !disabled && (
          <Menu
            trigger={
              <Button>
                Start from <ChevronDown className="-mr-1" />
              </Button>
            }
          >
            {PRESETS.map(([preset, label]) => (
              <MenuItem key={preset} onSelect={() => onChange((old) => withRestriction(old, presetMoves(old, preset)))}>
                {label}
              </MenuItem>
            ))}
          </Menu>
        )
      }
    >
      <div className={panelClass} data-path={TRANSITIONS_PATH} tabIndex={-1}>
        <div className={cn("px-4", draft.restricted && "border-b")}>
          <SwitchRow
            label="Restrict moves"
            hint={
              draft.restricted
                ? "Only the checked moves are allowed, for people and agents alike."
                : "Tickets can move from any column to any other."
            }
            checked={draft.restricted}
            disabled={disabled || draft.columns.length < 2}
            onChange={restrict}
          />
        </div>
        {draft.restricted && (narrow ? <TransitionList {...props} /> : <TransitionMatrix {...props} />)}
      </div>
      <FieldFault id="transitions-fault" message={faultAt(faults, TRANSITIONS_PATH)} />
      {warnings.length > 0 && (
        <Notice tone="warning">
          <ul aria-label="Warnings about transitions" className="grid gap-1">
            {warnings.map((warning) => (
              <li key={warning} className="flex gap-2">
                <AlertTriangle className="mt-px size-3.5 shrink-0" aria-hidden="true" />
                {warning}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {draft.restricted && !draft.settings.allow_reopen && (
        <p className="text-muted-foreground text-xs">
          Reopening is off: moves out of done columns are refused even where they are checked.
        </p>
      )}
    </Section>
  );
}
