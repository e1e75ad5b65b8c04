import { Link } from "@tanstack/react-router";
import { CircleCheck, Download } from "lucide-react";
import { Button } from "@/ui/button";
import { downloadFile } from "@/ui/download";
import { Losses } from "./losses";
import { OutcomeList } from "./outcome-list";
import type { Done } from "./use-import";

interface Props {
  workflowId: string;
  done: Done;
  onAgain: () => void;
}

export function Report({ workflowId, done, onAgain }: Props) {
  const { answer, file, update, at } = done;
  const download = () => {
    const report = { file, imported_at: at, update, ...answer };
    const text = `${JSON.stringify(report, null, 2)}\n`;
    downloadFile(new Blob([text], { type: "application/json" }), `import-report-${at.slice(0, 10)}.json`);
  };
  return (
    <section aria-label="Report" className="grid gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 role="status" className="flex min-w-0 items-center gap-2 font-semibold text-sm">
          <CircleCheck className="size-4 shrink-0 text-success" aria-hidden="true" />
          <span className="min-w-0 break-words">{file} is imported</span>
        </h2>
        <div className="flex flex-wrap gap-2">
          <Button onClick={download}>
            <Download /> Download report
          </Button>
          <Button onClick={onAgain}>Import another file</Button>
          <Button variant="primary" asChild>
            <Link to="/w/$workflowId" params={{ workflowId }} search={{}}>
              Open board
            </Link>
          </Button>
        </div>
      </div>
      <OutcomeList outcome={answer.outcome} update={update} label="What was imported" />
      <Losses not_taken={answer.not_taken} bad_lines={answer.bad_lines} warnings={answer.warnings} />
    </section>
  );
}
