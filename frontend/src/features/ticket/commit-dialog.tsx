import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Copy } from "lucide-react";
import { useMemo, useState } from "react";
import { explain, tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { cn } from "@/ui/cn";
import { Dialog } from "@/ui/dialog";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { parseDiff } from "./diff";

interface Props {
  workflowId: string;
  sha: string;
  onClose: () => void;
}

type Diff = Awaited<ReturnType<typeof tickets.commitDiff>>;
type File = Diff["files"][number];

/** Longer files are truncated until expanded. */
const MAX_LINES = 400;

export function CommitDialog({ workflowId, sha, onClose }: Props) {
  const { data, error, isPending } = useQuery({
    queryKey: queryKeys.commitDiff(workflowId, sha),
    queryFn: ({ signal }) => tickets.commitDiff(sha, workflowId, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const copy = () => void copyText(sha, "SHA copied");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={data?.message.split("\n")[0] || `Commit ${sha.slice(0, 10)}`}
      className="top-[4vh] max-h-[92vh] max-w-5xl"
      description={
        data && (
          <>
            <code className="font-mono">{data.commit_sha.slice(0, 10)}</code> by {data.author},{" "}
            <TimeAgo at={data.timestamp} />
          </>
        )
      }
    >
      {isPending && <Spinner label="Loading commit…" />}
      {error && <Notice tone="danger">{explain(error)}</Notice>}
      {data && (
        <div className="grid gap-3">
          <div className="flex items-center gap-3 text-xs">
            <span className="tabular">
              {plural(data.total_files, "file")}{" "}
              <Counts insertions={data.total_insertions} deletions={data.total_deletions} />
            </span>
            <Button size="sm" variant="ghost" className="ml-auto" onClick={copy}>
              <Copy /> Copy SHA
            </Button>
          </div>
          {data.truncated && <Notice tone="warning">This commit is too large to show in full.</Notice>}
          <ul className="grid gap-2">
            {data.files.map((file, at) => (
              <FileDiff key={file.path} file={file} startOpen={at === 0 && data.files.length < 10} />
            ))}
          </ul>
        </div>
      )}
    </Dialog>
  );
}

function Counts({ insertions, deletions }: { insertions: number; deletions: number }) {
  return (
    <span className="tabular font-medium">
      <span className="text-success">+{insertions}</span> <span className="text-danger">−{deletions}</span>
    </span>
  );
}

function FileDiff({ file, startOpen }: { file: File; startOpen: boolean }) {
  const [open, setOpen] = useState(startOpen);
  return (
    <li className="overflow-hidden rounded-lg border">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen((old) => !old)}
        className="flex w-full items-center gap-2 bg-sunken px-3 py-2 text-left text-xs hover:bg-muted"
      >
        <ChevronRight className={cn("size-4 shrink-0 transition-transform", open && "rotate-90")} aria-hidden="true" />
        <span className="min-w-0 flex-1 truncate font-mono">
          {file.old_path && file.old_path !== file.path && `${file.old_path} → `}
          {file.path}
        </span>
        <span className="shrink-0 text-muted-foreground">{file.status}</span>
        <Counts insertions={file.insertions} deletions={file.deletions} />
      </button>
      {open && <Lines diff={file.diff ?? ""} />}
    </li>
  );
}

const TONE = {
  added: "bg-success-soft",
  removed: "bg-danger-soft",
  same: "",
  hunk: "bg-accent text-accent-foreground",
} as const;

const SIGN = { added: "+", removed: "−", same: " ", hunk: "" } as const;

function Lines({ diff }: { diff: string }) {
  const [showAll, setShowAll] = useState(false);
  const lines = useMemo(() => parseDiff(diff), [diff]);
  if (lines.length === 0) return <p className="px-3 py-2 text-muted-foreground text-xs">No lines to show.</p>;
  const shown = showAll ? lines : lines.slice(0, MAX_LINES);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section aria-label="Changed lines" tabIndex={0} className="scroll-thin overflow-x-auto">
      <table className="w-full border-collapse font-mono text-xs leading-5">
        <tbody>
          {shown.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a commit never change
            <tr key={at} className={TONE[line.kind]}>
              <td className="tabular w-11 select-none px-2 text-right text-muted-foreground">{line.before}</td>
              <td className="tabular w-11 select-none px-2 text-right text-muted-foreground">{line.after}</td>
              <td className="w-4 select-none">{SIGN[line.kind]}</td>
              <td className="whitespace-pre pr-3">
                <VisibleText text={line.text || " "} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < lines.length && (
        <Button variant="ghost" size="sm" className="m-2" onClick={() => setShowAll(true)}>
          Show {plural(lines.length - shown.length, "more line")}
        </Button>
      )}
    </section>
  );
}
