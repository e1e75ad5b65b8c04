import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, Copy, Hourglass, type LucideIcon, Siren, Timer, UserRoundX, Users, WifiOff } from "lucide-react";
import { useState } from "react";
import { explain, findings } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Finding, FindingKind } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { type ChartContext, queryFor } from "./charts/context";
import { ReportActions } from "./report-actions";
import { ReportTable } from "./report-table";
import { SqlDialog } from "./sql-dialog";
import { useReport } from "./use-report";

const SHOWN = 4;
const REPORT = "findings";
/** Findings begin and end with time, too. */
const REFRESH_MS = 60_000;

const KINDS: Record<FindingKind, { name: (count: number) => string; icon: LucideIcon }> = {
  urgent_unassigned: { name: (n) => plural(n, "urgent unassigned ticket"), icon: UserRoundX },
  job_without_worker: {
    name: (n) => plural(n, "job type without a worker", "job types without a worker"),
    icon: WifiOff,
  },
  agent_silent: { name: (n) => plural(n, "silent agent"), icon: Timer },
  blocked: { name: (n) => plural(n, "ticket blocked for long", "tickets blocked for long"), icon: Ban },
  stuck: { name: (n) => plural(n, "stuck ticket"), icon: Hourglass },
  agent_overloaded: { name: (n) => plural(n, "overloaded assignee"), icon: Users },
  likely_duplicate: { name: (n) => plural(n, "likely duplicate"), icon: Copy },
};

/** What the server finds wrong now, the most urgent first, each with what to do about it. Events keep it current. */
export function Alerts({ context }: { context: ChartContext }) {
  const { workflowId, openTicket } = context;
  const [all, setAll] = useState(false);
  const [asTable, setAsTable] = useState(false);
  const [showsSql, setShowsSql] = useState(false);
  const query = queryFor(context, []);
  const recorded = useReport(REPORT, query, { enabled: asTable || showsSql, moves: true });
  const report = recorded.data?.report;
  const { data, error, isPending } = useQuery({
    queryKey: [...queryKeys.findings, workflowId, "all"],
    queryFn: ({ signal }) => findings.list(workflowId, Object.keys(KINDS) as FindingKind[], signal),
    refetchInterval: REFRESH_MS,
  });
  if (isPending) return null;
  if (!data) return <Notice tone="warning">The alerts cannot be shown. {explain(error)}</Notice>;
  const found = data.findings;
  const counts = (Object.keys(KINDS) as FindingKind[]).filter((kind) => (data.counts[kind] ?? 0) > 0);
  return (
    <section aria-labelledby="statistics-alerts" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 id="statistics-alerts" className="flex items-center gap-1.5 font-semibold text-sm">
          <Siren className={cn("size-4", found.length > 0 ? "text-warning" : "text-success")} aria-hidden="true" />
          Alerts
        </h2>
        {counts.map((kind) => (
          <span key={kind} className="tabular rounded-md bg-warning-soft px-1.5 py-0.5 text-2xs text-warning">
            {KINDS[kind].name(data.counts[kind] ?? 0)}
          </span>
        ))}
        <div className="ml-auto pr-1.5">
          <ReportActions
            title="Alerts"
            name={REPORT}
            query={query}
            chart="list"
            asTable={asTable}
            onTable={setAsTable}
            onSql={() => setShowsSql(true)}
          />
        </div>
      </div>
      {recorded.error && !report && (asTable || showsSql) && <Notice tone="danger">{explain(recorded.error)}</Notice>}
      {showsSql && report && <SqlDialog report={report} title="Alerts" onClose={() => setShowsSql(false)} />}
      {asTable ? (
        report && (
          <div className="rounded-xl border bg-surface px-4 py-3 shadow-card">
            <p className="pb-2 text-muted-foreground text-xs">
              Findings as they were recorded, within a minute; those that ended are kept for 30 days.
            </p>
            <ReportTable report={report} context={context} title="Alerts" />
          </div>
        )
      ) : found.length === 0 ? (
        <p className="text-muted-foreground">Nothing is stuck, silent, overloaded or blocked for long.</p>
      ) : (
        <>
          <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
            {(all ? found : found.slice(0, SHOWN)).map((finding) => (
              <Alert key={keyOf(finding)} finding={finding} onOpenTicket={openTicket} />
            ))}
          </ul>
          {(found.length > SHOWN || data.has_more) && (
            <div className="flex items-center gap-3 text-muted-foreground text-xs">
              {found.length > SHOWN && (
                <Button size="sm" variant="ghost" onClick={() => setAll(!all)}>
                  {all ? "Show fewer" : `Show all ${plural(found.length, "alert")}`}
                </Button>
              )}
              {all && data.has_more && <span>More were found; these have stood for the longest.</span>}
            </div>
          )}
        </>
      )}
    </section>
  );
}

const keyOf = (finding: Finding) =>
  [finding.kind, finding.ticket_id, finding.agent_id, finding.job_type, finding.other_ticket_id].join(" ");

function Alert({ finding, onOpenTicket }: { finding: Finding; onOpenTicket: (ticketId: string) => void }) {
  const { kind, message, suggestion, since, ticket_id: ticketId, workflow_id: workflowId, title } = finding;
  const Icon = KINDS[kind]?.icon ?? Hourglass;
  const action = "shrink-0 rounded-md border px-2 py-1 font-medium text-xs hover:bg-muted";
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon className="mt-0.5 size-4 shrink-0 text-warning" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="[overflow-wrap:anywhere]">
          <VisibleText text={message} />
        </p>
        <p className="text-muted-foreground text-xs [overflow-wrap:anywhere]">
          {title && (
            <>
              <bdi>
                <VisibleText text={title} />
              </bdi>{" "}
              ·{" "}
            </>
          )}
          since <TimeAgo at={since} /> · <VisibleText text={suggestion.message} />
        </p>
      </div>
      {ticketId ? (
        <button type="button" className={action} onClick={() => onOpenTicket(ticketId)}>
          Open {finding.key}
        </button>
      ) : (
        <Link to="/w/$workflowId/agents" params={{ workflowId }} className={action}>
          View agents
        </Link>
      )}
    </li>
  );
}
