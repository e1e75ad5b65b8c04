import type { HomeWorkflow } from "@/api/types";
import { cn } from "@/ui/cn";
import { HomeRow } from "./home-row";
import { formatCount, type HomeSection, SECTIONS } from "./sections";
import type { HomeActions } from "./use-home-actions";

/** All counts at a glance; each leads to its section. */
export function HomeSummary({ sections }: { sections: readonly HomeSection[] }) {
  return (
    <ul className="grid grid-cols-3 overflow-hidden rounded-xl border bg-border shadow-card [gap:1px] sm:grid-cols-6">
      {sections.map(({ name, count }) => {
        const { title, label, tone } = SECTIONS[name];
        const tile = (
          <>
            <span className={cn("tabular font-semibold text-lg leading-6", count > 0 ? tone : "text-muted-foreground")}>
              {formatCount(count)}
            </span>
            <span dir="auto" className="truncate text-muted-foreground text-xs">
              {label ?? title}
            </span>
          </>
        );
        const className = "flex h-full min-w-0 flex-col px-3 py-2";
        return (
          <li key={name} className="min-w-0 bg-surface" data-home-count={name}>
            {count > 0 ? (
              <a href={`#home-${name}`} className={cn(className, "-outline-offset-2 hover:bg-sunken")}>
                {tile}
              </a>
            ) : (
              <div className={className}>{tile}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface Props {
  sections: readonly HomeSection[];
  workflows: readonly HomeWorkflow[];
  /** Names the workflow of each item. */
  showWorkflow: boolean;
  currentId: string | undefined;
  onCurrent: (id: string) => void;
  actions: HomeActions;
}

export function HomeSections({ sections, workflows, showWorkflow, currentId, onCurrent, actions }: Props) {
  const nameOf = new Map(workflows.map(({ workflow_id, name }) => [workflow_id, name]));
  return (
    <>
      {sections
        .filter(({ items }) => items.length > 0)
        .map(({ name, items, count }) => (
          <section key={name} id={`home-${name}`} aria-labelledby={`home-${name}-title`} className="scroll-mt-4">
            <h2 id={`home-${name}-title`} className="mb-1.5 flex items-baseline gap-2 font-semibold text-sm">
              {SECTIONS[name].title}
              <span className="tabular font-normal text-muted-foreground text-xs">{formatCount(count)}</span>
            </h2>
            <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
              {items.map((item) => (
                <HomeRow
                  key={item.id}
                  item={item}
                  section={name}
                  workflowName={showWorkflow ? nameOf.get(item.workflow_id) : undefined}
                  current={item.id === currentId}
                  actions={actions}
                  onFocus={() => onCurrent(item.id)}
                />
              ))}
            </ul>
            {count > items.length && (
              <p className="mt-1.5 px-4 text-muted-foreground text-xs">
                {items.length} of {formatCount(count)} are listed; the rest follows when these are dealt with.
              </p>
            )}
          </section>
        ))}
    </>
  );
}
