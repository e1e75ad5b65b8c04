import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useMemo } from "react";
import { milestones } from "@/api";
import { useActors } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { MilestoneProgress } from "@/api/types";
import { todayIn } from "@/entities/ticket/due";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { NativeSelect } from "@/ui/field";
import { Spinner } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { Alerts } from "./alerts";
import type { ChartContext } from "./charts/context";
import { type ChartSection, SECTIONS } from "./charts/specs";
import { Controls } from "./controls";
import { ReportCard } from "./report-card";
import { rangeOf, type StatisticsState } from "./statistics-state";
import { Summary } from "./summary";
import { useLiveReports } from "./use-report";

interface Props {
  workflowId: string;
  state: StatisticsState;
  onState: (state: StatisticsState) => void;
  onOpenTicket: (ticketId: string) => void;
}

/** The charts of a workflow. */
export function StatisticsPage({ workflowId, state, onState, onOpenTicket }: Props) {
  const { shape, error, retry } = useBoardShape(workflowId);
  const { nameOf } = useActors(workflowId);
  const list = useMilestones(workflowId);
  useLiveReports(workflowId);
  useTitle(shape ? `Statistics · ${shape.workflow.name}` : "Statistics");
  const zone = shape?.workflow.time_zone ?? "UTC";
  const today = todayIn(state.tz ?? zone);
  const milestone = chooseMilestone(list.data ?? [], state.milestone);
  const context = useMemo((): ChartContext => {
    const { columns = [], ticket_types: types = [] } = shape?.config ?? {};
    const range = rangeOf(state, today);
    const { tz, group } = state;
    const openTicket = onOpenTicket;
    return { workflowId, range, tz, group, milestone: milestone?.milestone_id, columns, types, nameOf, openTicket };
  }, [shape?.config, state, today, workflowId, milestone?.milestone_id, nameOf, onOpenTicket]);

  if (error && !shape) return <WorkflowFailure what="the statistics" error={error} onRetry={retry} />;
  if (!shape) return <Spinner label="Loading statistics…" className="flex-1" />;
  return (
    <div data-scrolls className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-6xl grid-cols-[minmax(0,1fr)] gap-8 px-4 pt-6 pb-20">
        <header className="grid gap-3">
          <div>
            <Link
              to="/w/$workflowId"
              params={{ workflowId }}
              search={{}}
              className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
            >
              <ArrowLeft className="size-3.5" /> Back to board
            </Link>
            <h1 className="font-semibold text-lg">Statistics</h1>
          </div>
          <Controls state={state} onState={onState} range={context.range} today={today} workflowZone={zone} />
          <Summary context={context} />
        </header>
        <Alerts context={context} />
        {SECTIONS.map((section) => (
          <Section key={section.id} section={section} context={context}>
            {section.id === "milestone" && list.data && list.data.length > 0 && (
              <NativeSelect
                aria-label="Milestone"
                className="w-auto max-w-64"
                value={milestone?.milestone_id ?? ""}
                onChange={({ target }) => onState({ ...state, milestone: target.value })}
              >
                {list.data.map(({ milestone_id, name, is_closed }) => (
                  <option key={milestone_id} value={milestone_id}>
                    {is_closed ? `${name} (closed)` : name}
                  </option>
                ))}
              </NativeSelect>
            )}
          </Section>
        ))}
      </div>
    </div>
  );
}

interface SectionProps {
  section: ChartSection;
  context: ChartContext;
  children: React.ReactNode;
}

function Section({ section: { id, title, charts }, context, children }: SectionProps) {
  const needsMilestone = id === "milestone" && context.milestone === undefined;
  return (
    <section aria-labelledby={`statistics-${id}`} className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex min-h-8 items-center justify-between gap-3">
        <h2 id={`statistics-${id}`} className="font-semibold text-sm">
          {title}
        </h2>
        {children}
      </div>
      {needsMilestone ? (
        <div className="rounded-xl border border-dashed px-4 py-8 text-center text-muted-foreground">
          There are no milestones yet. Owners create them in the{" "}
          <Link
            to="/w/$workflowId/settings"
            params={{ workflowId: context.workflowId }}
            className="text-accent-foreground underline underline-offset-2"
          >
            board settings
          </Link>
          ; this section then shows burndown and burn-up.
        </div>
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">
          {charts.map((spec) => (
            <ReportCard key={spec.id} spec={spec} context={context} />
          ))}
        </div>
      )}
    </section>
  );
}

function useMilestones(workflowId: string) {
  return useQuery({
    queryKey: queryKeys.milestones(workflowId),
    queryFn: ({ signal }) => milestones.list(workflowId, signal),
    staleTime: 30_000,
  });
}

/** The wanted milestone; else the open one that is due first, or the last of the closed ones. */
export function chooseMilestone(
  list: readonly MilestoneProgress[],
  wanted: string | undefined,
): MilestoneProgress | undefined {
  const found = list.find(({ milestone_id, name }) => milestone_id === wanted || name === wanted);
  if (found) return found;
  const due = ({ due_on }: MilestoneProgress) => due_on ?? "9999";
  const open = list.filter(({ is_closed }) => !is_closed).sort((a, b) => due(a).localeCompare(due(b)));
  return open[0] ?? list.at(-1);
}
