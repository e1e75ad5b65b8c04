import { BarChart3, Code, Download, List, LoaderCircle, Table2 } from "lucide-react";
import { useState } from "react";
import { explain, reports } from "@/api";
import type { ReportQuery } from "@/api/reports";
import { Button } from "@/ui/button";
import { downloadFile } from "@/ui/download";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";

interface Props {
  title: string;
  /** The report and what it is asked. */
  name: string;
  query: ReportQuery;
  /** What the table stands in for. */
  chart: "chart" | "list";
  asTable: boolean;
  onTable: (asTable: boolean) => void;
  /** Undefined while the SQL is not known. */
  onSql: (() => void) | undefined;
}

/** The buttons of a report: its table, its SQL and its CSV. */
export function ReportActions({ title, name, query, chart, asTable, onTable, onSql }: Props) {
  const Back = chart === "list" ? List : BarChart3;
  return (
    <div className="-mt-0.5 -mr-1.5 flex shrink-0">
      <Tooltip label={asTable ? `Show the ${chart}` : "Show the table"}>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`${title} as a table`}
          aria-pressed={asTable}
          onClick={() => onTable(!asTable)}
        >
          {asTable ? <Back /> : <Table2 />}
        </Button>
      </Tooltip>
      <Tooltip label="SQL">
        <Button variant="ghost" size="icon-sm" aria-label={`SQL of ${title}`} disabled={!onSql} onClick={onSql}>
          <Code />
        </Button>
      </Tooltip>
      <CsvButton title={title} name={name} query={query} />
    </div>
  );
}

function CsvButton({ title, name, query }: Pick<Props, "title" | "name" | "query">) {
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const { file, name: fileName } = await reports.csv(name, query);
      downloadFile(file, fileName ?? `${name}.csv`);
    } catch (error) {
      toast.error("Could not export the report", { description: explain(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Tooltip label="Download CSV">
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`${title} as CSV`}
        disabled={busy}
        onClick={() => void download()}
      >
        {busy ? <LoaderCircle className="animate-spin" /> : <Download />}
      </Button>
    </Tooltip>
  );
}
