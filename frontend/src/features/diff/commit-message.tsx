import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Notice } from "@/ui/states";
import type { CommitDiff } from "./model/files";

const bodyOf = (diff: CommitDiff) => diff.message.split("\n").slice(1).join("\n").trim();
const isMerge = (diff: CommitDiff) => diff.parents.length > 1;

/** Whether there is more to say about a commit than its subject. */
export function hasMessage(diff: CommitDiff): boolean {
  return bodyOf(diff) !== "" || diff.truncated || isMerge(diff);
}

/** The rest of the message, and what is not shown. */
export function CommitMessage({ diff }: { diff: CommitDiff }) {
  const body = bodyOf(diff);
  const missing = diff.total_files - diff.files.length;
  return (
    <div className="grid gap-2 pb-3 font-sans max-md:px-3 max-md:pt-3">
      {diff.truncated && (
        <Notice tone="warning">
          This commit is too large to show in full.{" "}
          {missing > 0 && `${plural(missing, "file")} of ${diff.total_files.toLocaleString(LOCALE)} are not listed. `}
          The counts above are complete.
        </Notice>
      )}
      {isMerge(diff) && <Notice>A merge, compared with its first parent.</Notice>}
      {body && (
        <p dir="auto" className="whitespace-pre-wrap text-[0.8125rem] leading-relaxed [overflow-wrap:anywhere]">
          <VisibleText text={body} />
        </p>
      )}
    </div>
  );
}
