import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import type { TicketDetail } from "@/api/types";
import { authorOf } from "@/entities/ticket/author";
import { Button } from "@/ui/button";
import { NativeSelect } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import { TimeAgo } from "@/ui/time";
import { Tooltip } from "@/ui/tooltip";

type Commit = TicketDetail["commits"][number];

const subjectOf = ({ commit_message, commit_sha }: Commit) =>
  commit_message.split("\n")[0]?.trim() || commit_sha.slice(0, 10);

interface ChoiceProps {
  commits: readonly Commit[];
  sha: string;
  onChoose: (sha: string) => void;
  onStep: (by: 1 | -1) => void;
}

/** The commit whose diff is shown, and the way to the others of the ticket. */
export function CommitChoice({ commits, sha, onChoose, onStep }: ChoiceProps) {
  const place = commits.findIndex(({ commit_sha }) => commit_sha === sha);
  const commit = commits[place];
  if (!commit) return null;
  const at = commit.commit_timestamp ?? commit.linked_at;
  const author = authorOf(commit.author);
  return (
    <div className="flex h-11 shrink-0 items-center gap-3 border-b bg-surface px-4 text-xs">
      {commits.length === 1 ? (
        <p className="min-w-0 truncate font-medium">
          <VisibleText text={subjectOf(commit)} />
        </p>
      ) : (
        <>
          <NativeSelect
            aria-label="Commit"
            className="max-w-md text-xs"
            value={sha}
            onChange={(event) => onChoose(event.target.value)}
          >
            {commits.map((each, i) => (
              <option key={each.commit_sha} value={each.commit_sha}>
                {`${i + 1} of ${commits.length}: ${subjectOf(each)}`}
              </option>
            ))}
          </NativeSelect>
          <div className="flex shrink-0 items-center">
            <StepButton label="Previous commit" disabled={place === 0} onClick={() => onStep(-1)}>
              <ChevronLeft />
            </StepButton>
            <StepButton label="Next commit" disabled={place === commits.length - 1} onClick={() => onStep(1)}>
              <ChevronRight />
            </StepButton>
          </div>
        </>
      )}
      <span className="ml-auto flex min-w-0 shrink-[2] items-center gap-2 text-muted-foreground">
        {author && (
          <span className="min-w-0 truncate max-sm:hidden">
            <VisibleText text={author} />
          </span>
        )}
        <code className="font-mono max-sm:hidden">{sha.slice(0, 10)}</code>
        {at && <TimeAgo at={at} />}
      </span>
    </div>
  );
}

function StepButton(props: { label: string; disabled: boolean; onClick: () => void; children: ReactNode }) {
  const { label, disabled, onClick, children } = props;
  return (
    <Tooltip label={label}>
      <Button size="icon-sm" variant="ghost" aria-label={label} aria-disabled={disabled} onClick={onClick}>
        {children}
      </Button>
    </Tooltip>
  );
}

/** What is known of a commit whose diff cannot be shown. */
export function CommitFacts({ commit }: { commit: Commit | undefined }) {
  if (!commit) return null;
  return (
    <div className="grid gap-2 text-xs">
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">
        <VisibleText text={commit.commit_message} />
      </p>
      {commit.files_list.length > 0 && (
        <>
          <p className="text-muted-foreground">{plural(commit.files_list.length, "file")} changed</p>
          <ul className="font-mono [overflow-wrap:anywhere]">
            {commit.files_list.map((path) => (
              <li key={path}>
                <VisibleText text={path} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
