import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { VisibleText } from "@/ui/invisible";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { Changes } from "./changes";
import "./diff.css";
import type { CommitDiff } from "./model/files";
import { useCommitDiff } from "./use-commit-diff";

interface Props {
  workflowId: string;
  sha: string;
  onClose: () => void;
}

/** The diff of a commit, over the whole page. */
export function DiffDialog({ workflowId, sha, onClose }: Props) {
  const { data, files, error, isPending, isFetching, refetch } = useCommitDiff(workflowId, sha);
  const loaded = data && files;
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Content
          // The list of changes takes the focus, so that keys scroll it at once.
          onOpenAutoFocus={(event) => loaded && event.preventDefault()}
          onEscapeKeyDown={(event) => isTreeInFront(event) && event.preventDefault()}
          {...(loaded ? {} : { "aria-describedby": undefined })}
          className="fixed inset-0 z-50 flex flex-col bg-surface outline-none motion-safe:animate-in motion-safe:fade-in-0"
        >
          {loaded ? (
            <Changes
              key={data.commit_sha}
              diff={data}
              files={files}
              heading={<Heading diff={data} />}
              onClose={onClose}
            />
          ) : (
            <>
              <header className="flex h-14 shrink-0 items-center gap-2 border-b px-4">
                <Radix.Title className="min-w-0 flex-1 truncate font-semibold text-sm">
                  Commit {sha.slice(0, 10)}
                </Radix.Title>
                <Radix.Close asChild>
                  <Button variant="ghost" size="icon" aria-label="Close">
                    <X />
                  </Button>
                </Radix.Close>
              </header>
              {isPending && <Spinner label="Loading the commit…" className="flex-1" />}
              {error && (
                <div className="mx-auto grid w-full max-w-lg gap-3 px-4 pt-16">
                  <Notice tone="danger">{explain(error)}</Notice>
                  <Button className="justify-self-start" disabled={isFetching} onClick={() => void refetch()}>
                    Try again
                  </Button>
                </div>
              )}
            </>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Escape leaves the filter of the files, or closes their tree where it covers the lines, before it closes the dialog. */
function isTreeInFront({ target }: KeyboardEvent): boolean {
  const inFilter = target instanceof HTMLElement && target.matches("input[type=search]");
  return inFilter || document.querySelector("[data-covers]") !== null;
}

/** What the commit is, and who made it. */
function Heading({ diff }: { diff: CommitDiff }) {
  return (
    <div className="min-w-0 flex-1">
      <Radix.Title dir="auto" className="truncate font-semibold text-sm leading-5">
        <VisibleText text={diff.message.split("\n")[0] || `Commit ${diff.commit_sha.slice(0, 10)}`} />
      </Radix.Title>
      <Radix.Description className="truncate text-muted-foreground text-xs">
        <VisibleText text={diff.author || "Unknown author"} />, <TimeAgo at={diff.timestamp} /> ·{" "}
        <code className="font-mono">{diff.commit_sha.slice(0, 10)}</code>
      </Radix.Description>
    </div>
  );
}
