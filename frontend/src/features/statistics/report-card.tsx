import { LoaderCircle } from "lucide-react";
import { useId, useRef, useState } from "react";
import { explain } from "@/api";
import { MAX_REPORT_ROWS } from "@/api/reports";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { LOCALE } from "@/ui/locale";
import { Notice } from "@/ui/states";
import { type ChartContext, queryFor } from "./charts/context";
import type { ChartSpec } from "./charts/specs";
import { ReportActions } from "./report-actions";
import { ReportTable } from "./report-table";
import { SqlDialog } from "./sql-dialog";
import { useInView } from "./use-in-view";
import { useReport } from "./use-report";

interface Props {
  spec: ChartSpec;
  context: ChartContext;
}

/** A chart with its table, its SQL and its CSV. It is read when it comes into view. */
export function ReportCard({ spec, context }: Props) {
  const { title, about, report: name, takes, Chart, isEmpty, empty, moves, wide } = spec;
  const id = useId();
  const frame = useRef<HTMLElement>(null);
  const inView = useInView(frame);
  const [asTable, setAsTable] = useState(false);
  const [showsSql, setShowsSql] = useState(false);
  const query = queryFor(context, takes);
  const { data, error, isFetching, isPlaceholderData, refetch } = useReport(name, query, { enabled: inView, moves });
  const report = data?.report;
  return (
    <article
      ref={frame}
      aria-labelledby={id}
      aria-busy={isFetching}
      data-chart={spec.id}
      data-seq={report?.seq}
      className={cn("flex min-w-0 flex-col rounded-xl border bg-surface shadow-card", wide && "lg:col-span-2")}
    >
      <header className="flex items-start gap-2 px-4 pt-3">
        <div className="min-w-0 flex-1">
          <h3 id={id} className="flex items-center gap-2 font-semibold">
            {title}
            {isFetching && report && (
              <LoaderCircle className="size-3 animate-spin text-muted-foreground" aria-hidden="true" />
            )}
          </h3>
          <p className="text-pretty text-muted-foreground text-xs">{about}</p>
        </div>
        <ReportActions
          title={title}
          name={name}
          query={query}
          asTable={asTable}
          onTable={setAsTable}
          chart="chart"
          onSql={report ? () => setShowsSql(true) : undefined}
        />
      </header>
      <div
        className={cn(
          "flex min-h-64 flex-1 flex-col px-4 pt-3 pb-4 transition-opacity",
          isPlaceholderData && "opacity-50",
        )}
      >
        {error && !report && (
          <div className="my-auto grid justify-items-center gap-3">
            <Notice tone="danger">{explain(error)}</Notice>
            <Button size="sm" onClick={() => void refetch()}>
              Try again
            </Button>
          </div>
        )}
        {error && report && <Notice tone="warning">Could not be read again: {explain(error)}</Notice>}
        {!report && !error && <Skeleton />}
        {report?.has_more && (
          <Notice tone="warning">
            Only the first {MAX_REPORT_ROWS.toLocaleString(LOCALE)} rows are shown. Choose a shorter range.
          </Notice>
        )}
        {report &&
          (asTable ? (
            <ReportTable report={report} context={context} title={title} />
          ) : isEmpty(report) ? (
            <p className="m-auto max-w-72 text-balance py-8 text-center text-muted-foreground">{empty}</p>
          ) : (
            <Chart report={report} context={context} title={title} />
          ))}
      </div>
      {showsSql && report && <SqlDialog report={report} title={title} onClose={() => setShowsSql(false)} />}
    </article>
  );
}

function Skeleton() {
  return (
    <div role="status" className="flex h-full min-h-48 items-end gap-2">
      <span className="sr-only">Loading…</span>
      {[38, 62, 45, 80, 56, 70, 34].map((height) => (
        <span key={height} className="flex-1 animate-pulse rounded-sm bg-muted" style={{ height: `${height}%` }} />
      ))}
    </div>
  );
}
