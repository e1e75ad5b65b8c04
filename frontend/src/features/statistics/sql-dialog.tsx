import { Copy } from "lucide-react";
import type { Report } from "@/api/reports";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { Dialog, DialogActions } from "@/ui/dialog";

interface Props {
  report: Report;
  title: string;
  onClose: () => void;
}

/** The query behind a chart, to be run by analysts. */
export function SqlDialog({ report, title, onClose }: Props) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`SQL: ${title}`}
      description={report.description}
      className="max-w-2xl"
    >
      <pre
        data-testid="report-sql"
        className="whitespace-pre-wrap rounded-lg border bg-sunken px-3 py-2.5 font-mono text-xs leading-relaxed [overflow-wrap:anywhere]"
      >
        {report.sql}
      </pre>
      <p className="mt-3 text-muted-foreground text-xs">
        Analysts run it in psql, Grafana or any other Postgres client. <code>callboard reporting-url</code> prints a
        connection for them, which finds these names and changes nothing. Other roles run{" "}
        <code>set search_path = reporting</code> before.
      </p>
      <DialogActions>
        <Button variant="primary" onClick={() => void copyText(report.sql, "SQL copied")}>
          <Copy /> Copy
        </Button>
      </DialogActions>
    </Dialog>
  );
}
