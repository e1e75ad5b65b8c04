import { useId, useState } from "react";
import type { MappedName } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { NativeSelect } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import type { Kind } from "./choices";
import { HOW, KIND_TITLES } from "./messages";

export interface Target {
  /** The empty text keeps a person's name as text. */
  value: string;
  label: string;
}

interface Props {
  kind: Kind;
  rows: readonly MappedName[];
  targets: readonly Target[];
  disabled: boolean;
  targetOf: (row: MappedName) => string | null;
  isChosen: (row: MappedName) => boolean;
  onChoose: (row: MappedName, to: string | null) => void;
}

const PAGE = 25;

/** The names of one kind in the file, and what each becomes. Names that nothing is known about come first. */
export function MappingTable({ kind, rows, targets, disabled, targetOf, isChosen, onChoose }: Props) {
  const id = useId();
  const [shown, setShown] = useState(PAGE);
  if (rows.length === 0) return null;
  const { title, from, to, counted } = KIND_TITLES[kind];
  const isOpen = (row: MappedName) => row.how === "unknown" && !isChosen(row);
  const sorted = [...rows].sort((a, b) => Number(b.how === "unknown") - Number(a.how === "unknown"));
  return (
    <div className="grid min-w-0 gap-1.5">
      <h3 id={id} className="font-medium text-xs">
        {title} <span className="tabular font-normal text-muted-foreground">{rows.length.toLocaleString(LOCALE)}</span>
      </h3>
      <ul aria-labelledby={id} className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
        {sorted.slice(0, shown).map((row) => {
          const target = targetOf(row) ?? "";
          const known = targets.some(({ value }) => value === target);
          return (
            <li
              key={row.name}
              className="grid items-center gap-x-4 gap-y-1.5 px-3 py-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,15rem)]"
            >
              <div className="min-w-0">
                <p dir="auto" className="truncate font-medium" title={row.name}>
                  <VisibleText text={row.name} />
                </p>
                <p dir="auto" className="tabular truncate text-muted-foreground text-xs">
                  {plural(row.count, counted)} ·{" "}
                  <span className={cn(isOpen(row) && "text-warning")}>{isChosen(row) ? HOW.given : HOW[row.how]}</span>
                  {row.email && ` · ${row.email}`}
                </p>
              </div>
              <NativeSelect
                aria-label={`${to} of ${from.toLowerCase()} ${row.name}`}
                value={target}
                disabled={disabled}
                onChange={(event) => onChoose(row, event.target.value || null)}
              >
                {!known && <option value={target}>{target || "The default"}</option>}
                {targets.map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </NativeSelect>
            </li>
          );
        })}
      </ul>
      {rows.length > shown && (
        <Button variant="ghost" size="sm" className="justify-self-start" onClick={() => setShown(shown + 100)}>
          Show {Math.min(100, rows.length - shown).toLocaleString(LOCALE)} more
        </Button>
      )}
    </div>
  );
}
