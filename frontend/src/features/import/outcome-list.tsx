import type { ImportOutcome } from "@/api/types";
import { LOCALE } from "@/ui/locale";
import { outcomeRows } from "./messages";

/** What an import wrote, or would write. */
export function OutcomeList({ outcome, update, label }: { outcome: ImportOutcome; update: boolean; label: string }) {
  return (
    <ul aria-label={label} className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
      {outcomeRows(outcome, update).map(({ count, text, note }) => (
        <li key={text} className="flex items-baseline gap-3 px-3 py-2">
          <span className="tabular w-14 shrink-0 text-right font-medium">{count.toLocaleString(LOCALE)}</span>
          <div className="min-w-0">
            <p>{text}</p>
            {note && <p className="break-words text-muted-foreground text-xs">{note}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
