import { useQuery } from "@tanstack/react-query";
import { explain, workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Column } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { cssColor } from "@/ui/color";
import { Notice, Spinner } from "@/ui/states";

/** What each template is for. One without a line shows its columns only. */
const PURPOSES: Readonly<Record<string, string>> = {
  development: "Software work, from the backlog through review and testing to done.",
  sdlc: "Work that agents plan, build and ship. Failed runs have a column of their own.",
  security: "Vulnerabilities: triage, reproduce and fix them, or close them as false positives.",
  research: "Questions to look into and to write up.",
};

/** Cards in the picture of a column, so that it looks like a board. */
const PICTURE = [3, 2, 2, 1, 1, 3, 2, 1];

interface Props {
  value: string;
  onChange: (template: string) => void;
  className?: string;
}

/** The board templates, each with what it is for and a picture of its columns. */
export function TemplatePicker({ value, onChange, className }: Props) {
  const templates = useQuery({
    queryKey: queryKeys.templates,
    queryFn: ({ signal }) => workflows.templates(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium text-xs">Board template</legend>
      {templates.isPending && <Spinner label="Loading the templates…" />}
      {templates.isError && (
        <Notice tone="danger">
          <span className="flex flex-wrap items-center justify-between gap-2">
            {explain(templates.error)}
            <Button size="sm" onClick={() => void templates.refetch()}>
              Try again
            </Button>
          </span>
        </Notice>
      )}
      <div className={cn("grid gap-2", className)}>
        {(templates.data ?? []).map(({ id, board_config }) => {
          const columns = [...board_config.columns].sort((a, b) => a.order - b.order);
          return (
            <label
              key={id}
              className={cn(
                "flex cursor-pointer flex-col gap-2.5 rounded-lg border px-3 py-2.5 has-focus-visible:outline-2 has-focus-visible:outline-ring",
                value === id ? "border-primary bg-accent" : "bg-surface hover:bg-sunken",
              )}
            >
              <span className="flex items-center gap-2 font-medium">
                <input
                  type="radio"
                  name="template"
                  className="accent-primary"
                  checked={value === id}
                  onChange={() => onChange(id)}
                />
                {board_config.name}
              </span>
              <BoardPicture columns={columns} />
              <span className="grid gap-1 text-xs">
                {PURPOSES[id] && <span>{PURPOSES[id]}</span>}
                <span className="text-muted-foreground">{columns.map(({ name }) => name).join(" → ")}</span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function BoardPicture({ columns }: { columns: readonly Column[] }) {
  return (
    <span aria-hidden="true" className="flex h-11 gap-1">
      {columns.map((column, index) => (
        <span
          key={column.id}
          className="flex min-w-0 flex-1 flex-col gap-0.5 rounded-sm border-t-2 bg-muted p-0.5"
          style={{ borderTopColor: cssColor(column.color) }}
        >
          {Array.from({ length: PICTURE[index % PICTURE.length] ?? 1 }, (_, card) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a picture that never changes
            <span key={card} className="h-2 rounded-xs border bg-surface" />
          ))}
        </span>
      ))}
    </span>
  );
}
