import type { ReactNode } from "react";
import { cn } from "@/ui/cn";

export interface BarPart {
  name: string;
  value: number;
  color: string;
}

export interface BarRow {
  id: string;
  name: string;
  icon?: ReactNode;
  parts: readonly BarPart[];
  /** The figure beside the bar. */
  value: string;
  note?: string | undefined;
  /** Whether the note is a warning. */
  warn?: boolean;
}

interface Props {
  label: string;
  rows: readonly BarRow[];
}

/** A bar for each row, beside its name and figure, which say all that the bar shows. */
export function BarList({ label, rows }: Props) {
  const most = Math.max(...rows.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)), 0) || 1;
  return (
    <ul aria-label={label} className="grid gap-2.5">
      {rows.map(({ id, name, icon, parts, value, note, warn }) => (
        <li key={id} className="grid gap-1">
          <span className="flex items-baseline gap-2">
            <span className="flex min-w-0 items-center gap-1.5">
              {icon}
              <span className="truncate">{name}</span>
            </span>
            {note && (
              <span className={cn("truncate text-xs", warn ? "text-danger" : "text-muted-foreground")}>{note}</span>
            )}
            <span className="tabular ml-auto shrink-0 font-medium">{value}</span>
          </span>
          <span className="flex h-2 overflow-hidden rounded-full bg-muted" aria-hidden="true">
            {parts.map((part) => (
              <span
                key={part.name}
                className="h-full transition-[width] duration-300"
                style={{ width: `${(part.value / most) * 100}%`, backgroundColor: part.color }}
              />
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}
