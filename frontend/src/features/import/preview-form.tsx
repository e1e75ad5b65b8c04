import { LoaderCircle } from "lucide-react";
import type { ImportPreview, MappedName } from "@/api/types";
import { Button } from "@/ui/button";
import { SwitchRow } from "@/ui/field";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Notice } from "@/ui/states";
import { choose, hasChoices, KINDS, type Kind, noChoices, PRIORITIES, targetOf } from "./choices";
import { ImportProgress } from "./import-progress";
import { Losses } from "./losses";
import { MappingTable, type Target } from "./mapping-table";
import { OutcomeList } from "./outcome-list";
import { Samples } from "./samples";
import type { ImportState } from "./use-import";

interface Props {
  workflowId: string;
  preview: ImportPreview;
  state: ImportState;
}

/** What an import would do, the choices, and the button that imports. */
export function PreviewForm({ workflowId, preview, state }: Props) {
  const { choices, running, update, strict, tried, runError } = state;
  const busy = running !== null;
  const fresh = preview.tickets - preview.existing;
  const targets = targetsOf(preview, state);
  return (
    <section aria-label="Preview" className="grid gap-6">
      <div className="grid gap-1">
        <h2 className="font-semibold text-sm">This looks like {preview.looks_like}</h2>
        <p className="tabular text-muted-foreground">{summary(preview, update)}</p>
      </div>
      <div className="grid gap-4">
        <div className="flex flex-wrap items-end justify-between gap-2">
          <div>
            <h2 className="font-semibold text-sm">What names become</h2>
            {state.recalled && (
              <p className="text-muted-foreground text-xs">Your choices of the last import are used again.</p>
            )}
          </div>
          {hasChoices(choices) && (
            <Button variant="ghost" size="sm" disabled={busy} onClick={() => state.setChoices(noChoices())}>
              Use what is proposed
            </Button>
          )}
        </div>
        {KINDS.map((kind) => (
          <MappingTable
            key={kind}
            kind={kind}
            rows={preview.mapping[kind]}
            targets={targets[kind]}
            disabled={busy}
            targetOf={(row) => targetOf(kind, row, choices)}
            isChosen={(row) => Object.hasOwn(choices[kind], row.name)}
            onChoose={(row: MappedName, to) => state.setChoices(choose(choices, kind, row, to))}
          />
        ))}
      </div>
      <Samples preview={preview} choices={choices} />
      <Losses not_taken={preview.not_taken} bad_lines={preview.bad_lines} warnings={preview.warnings} />
      <div className="grid gap-2">
        <div className="divide-y rounded-xl border bg-surface px-4 shadow-card">
          <SwitchRow
            label="Update tickets that were imported before"
            hint="Takes over what changed there since the last import, except values that changed here too. Otherwise these tickets are skipped."
            checked={update}
            disabled={busy || preview.existing === 0}
            onChange={state.setUpdate}
          />
          <SwitchRow
            label="Import nothing if a line or value is invalid"
            checked={strict}
            disabled={busy}
            onChange={state.setStrict}
          />
        </div>
        {tried && (
          <div className="grid gap-1.5">
            <h3 className="font-medium text-xs">The import would write</h3>
            <OutcomeList outcome={tried.answer.outcome} update={tried.update} label="The import would write" />
          </div>
        )}
        {runError && (
          <Notice tone="danger">
            <p className="break-words">{runError}</p>
            <p>The file and your choices are kept.</p>
          </Notice>
        )}
        {busy && <ImportProgress workflowId={workflowId} />}
        <div className="flex flex-wrap items-center justify-end gap-2">
          <p aria-live="polite" className="mr-auto text-muted-foreground text-xs">
            {running === "import" && "Importing. Large files take minutes; all or nothing is written."}
            {running === "try" && "Counting. Nothing is written."}
          </p>
          <Button disabled={busy} onClick={() => void state.run(true)}>
            {running === "try" && <LoaderCircle className="animate-spin" />} Try without writing
          </Button>
          <Button
            variant="primary"
            disabled={busy || preview.tickets === 0 || (fresh === 0 && !update)}
            onClick={() => void state.run(false)}
          >
            {running === "import" && <LoaderCircle className="animate-spin" />} Import {plural(fresh, "ticket")}
            {update && ` and update ${preview.existing.toLocaleString(LOCALE)}`}
          </Button>
        </div>
      </div>
    </section>
  );
}

function summary(preview: ImportPreview, update: boolean): string {
  const fresh = preview.tickets - preview.existing;
  const parts = [
    `${plural(fresh, "new ticket")}${preview.comments > 0 ? `, ${plural(preview.comments, "comment")} in the file` : ""}.`,
    preview.existing > 0
      ? `${plural(preview.existing, "ticket")} of the file ${preview.existing === 1 ? "was" : "were"} imported before and will be ${update ? "updated where they changed there" : "skipped"}.`
      : "",
    milestonesText(preview.milestones),
    preview.has_moves ? "Tickets bring their moves between columns, which reports show." : "",
  ];
  return parts.filter(Boolean).join(" ");
}

const MAX_MILESTONES = 6;

function milestonesText(milestones: ImportPreview["milestones"]): string {
  if (milestones.length === 0) return "";
  const names = milestones.slice(0, MAX_MILESTONES).map(({ name }) => name);
  const others = milestones.length - names.length;
  return `${plural(milestones.length, "milestone")}: ${names.join(", ")}${others > 0 ? ` and ${others} more` : ""}.`;
}

function targetsOf(preview: ImportPreview, state: ImportState): Record<Kind, Target[]> {
  return {
    states: preview.columns.map(({ id, name }) => ({ value: id, label: name })),
    types: [
      ...preview.ticket_types.map((id) => ({ value: id, label: id })),
      ...[...new Set(preview.mapping.types.flatMap(({ how, to }) => (how === "new" && to ? to : [])))].map((id) => ({
        value: id,
        label: `${id} (new)`,
      })),
    ],
    priorities: PRIORITIES.map((id) => ({ value: id, label: id.charAt(0).toUpperCase() + id.slice(1) })),
    people: [
      { value: "", label: "Keep the name as text" },
      ...state.members.map(({ actor_id, name, email }) => ({
        value: actor_id,
        label: email ? `${name} (${email})` : name,
      })),
    ],
  };
}
