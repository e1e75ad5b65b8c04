import { GitCommitHorizontal, Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { tickets } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { TicketDetail } from "@/api/types";
import { authorOf } from "@/entities/ticket/author";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { TimeAgo } from "@/ui/time";
import { useDraft } from "@/ui/use-draft";

/** Renders the diff of a commit until it is closed. */
export type RenderCommit = (props: { workflowId: string; sha: string; onClose: () => void }) => ReactNode;

interface Props {
  ticket: TicketDetail;
  nameOf: NameOf;
  editable: boolean;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
  renderCommit: RenderCommit | undefined;
}

const SHA = /^[0-9a-f]{4,64}$/i;

export function Commits({ ticket, nameOf, editable, run, renderCommit }: Props) {
  const { value: sha, set: setSha, clear } = useDraft(`ticket.${ticket.ticket_id}.commit`, "");
  const [shown, setShown] = useState<string | null>(null);
  const commits = ticket.commits ?? [];
  const link = async (event: FormEvent) => {
    event.preventDefault();
    if (!SHA.test(sha.trim())) return;
    const done = await run("Could not link the commit", async () => {
      await tickets.linkCommit(ticket.ticket_id, sha.trim());
      return true;
    });
    if (done) clear();
  };
  return (
    <div className="grid gap-3">
      {commits.length === 0 && <p className="text-muted-foreground">No linked commits yet.</p>}
      <ul className="grid gap-2">
        {commits.map((commit) => (
          <li key={commit.commit_sha} className="flex items-start gap-2.5 rounded-lg border px-3 py-2">
            <GitCommitHorizontal className="mt-0.5 size-4 shrink-0 text-muted-foreground" aria-hidden="true" />
            <div className="min-w-0 flex-1">
              <button
                dir="auto"
                type="button"
                onClick={() => setShown(commit.commit_sha)}
                className="block max-w-full truncate rounded text-left hover:underline"
              >
                <VisibleText text={commit.commit_message.split("\n")[0] || "Linked commit"} />
              </button>
              <p className="flex flex-wrap gap-x-2 text-muted-foreground text-xs">
                <code className="font-mono">{commit.commit_sha.slice(0, 10)}</code>
                <By commit={commit} nameOf={nameOf} />
                {(commit.commit_timestamp ?? commit.linked_at) && (
                  <TimeAgo at={(commit.commit_timestamp ?? commit.linked_at) as string} />
                )}
                {typeof commit.files_changed === "number" && (
                  <span className="tabular">
                    {plural(commit.files_changed, "file")}{" "}
                    <span className="text-success">+{(commit.insertions ?? 0).toLocaleString(LOCALE)}</span>{" "}
                    <span className="text-danger">−{(commit.deletions ?? 0).toLocaleString(LOCALE)}</span>
                  </span>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {shown && renderCommit?.({ workflowId: ticket.workflow_id, sha: shown, onClose: () => setShown(null) })}
      {editable && (
        <form onSubmit={link} className="flex gap-2">
          <Input
            aria-label="Commit SHA"
            placeholder="Commit SHA"
            className="font-mono text-xs"
            value={sha}
            pattern="[0-9a-fA-F]{4,64}"
            title="4 to 64 hexadecimal digits"
            onChange={(event) => setSha(event.target.value)}
          />
          <Button type="submit" disabled={!SHA.test(sha.trim())}>
            <Plus /> Link commit
          </Button>
        </form>
      )}
    </div>
  );
}

/** Who made the commit; where that is not known, who linked it, and that it is that. */
function By({ commit, nameOf }: { commit: TicketDetail["commits"][number]; nameOf: NameOf }) {
  const author = authorOf(commit.author);
  if (author) return <VisibleText text={author} />;
  return commit.agent_id ? <span>linked by {nameOf(commit.agent_id).name}</span> : null;
}
