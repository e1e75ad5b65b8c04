import type { ImportPreview } from "@/api/types";
import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { type Choices, PRIORITIES } from "./choices";

/** The first tickets of a file as they would be on the board. */
export function Samples({ preview, choices }: { preview: ImportPreview; choices: Choices }) {
  if (preview.samples.length === 0) return null;
  const columns = new Map(preview.columns.map(({ id, name }) => [id, name]));
  return (
    <div className="grid gap-1.5">
      <h3 className="font-medium text-xs">
        The first {preview.samples.length === 1 ? "ticket" : `${preview.samples.length} tickets`}
      </h3>
      <ul aria-label="Examples" className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
        {preview.samples.map((sample) => {
          const status = choices.states[sample.state] ?? sample.status;
          return (
            <li key={sample.reference} className="grid gap-0.5 px-3 py-2">
              <p dir="auto" className="truncate font-medium">
                <VisibleText text={sample.title} />
              </p>
              <p dir="auto" className="tabular truncate text-muted-foreground text-xs">
                <VisibleText text={sample.reference} /> · {columns.get(status) ?? status} ·{" "}
                {priorityName(sample.priority)} · created {day(sample.created_at)}
                {sample.closed_at && `, finished ${day(sample.closed_at)}`}
              </p>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const priorityName = (id: string) => (PRIORITIES.includes(id) ? `${id} priority` : id);

const day = (at: string) => new Date(at).toLocaleDateString(LOCALE, { dateStyle: "medium" });
