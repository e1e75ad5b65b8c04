import { useQuery } from "@tanstack/react-query";
import { GitCommitHorizontal, MessageSquare } from "lucide-react";
import type { ReactNode } from "react";
import { tickets } from "@/api";
import type { NameOf } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { SearchResult } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { RichText } from "@/entities/ticket/rich-text";
import { TypeIcon } from "@/entities/ticket/type-icon";
import type { BoardShape } from "@/live/context";
import { Button } from "@/ui/button";
import { cssColor } from "@/ui/color";
import { plural } from "@/ui/plural";
import { Kbd } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useDebouncedValue } from "@/ui/use-debounced-value";

interface Props {
  result: SearchResult;
  shape: BoardShape;
  nameOf: NameOf;
  onOpen: (ticketId: string) => void;
}

/** Avoids a request for each ticket while moving through the list. */
const DEBOUNCE_MS = 120;
/** Maximum characters of the description in the preview. */
const EXCERPT_LENGTH = 2_400;

/** Preview of the active result. */
export function Preview({ result, shape, nameOf, onOpen }: Props) {
  const debounced = useDebouncedValue(result.ticket_id, DEBOUNCE_MS);
  const ticket = useQuery({
    queryKey: queryKeys.ticket(debounced),
    queryFn: ({ signal }) => tickets.get(debounced, signal),
    staleTime: 30_000,
    retry: false,
  });
  const detail = debounced === result.ticket_id ? ticket.data : undefined;
  const { status, assigned_agent_id, title, priority, ticket_type } = detail ?? result;
  const column = shape.config.columns.find(({ id }) => id === status);
  const type = shape.config.ticket_types.find(({ id }) => id === ticket_type);
  const assignee = assigned_agent_id ? nameOf(assigned_agent_id) : null;
  const text = excerpt(detail?.description ?? result.description);
  return (
    <>
      <div className="flex h-10 shrink-0 items-center gap-2 border-b px-4">
        <TypeIcon type={type} id={ticket_type} />
        <span className="tabular font-medium text-muted-foreground">{result.key}</span>
        <Button size="sm" className="ml-auto" onClick={() => onOpen(result.ticket_id)}>
          Open <Kbd>↵</Kbd>
        </Button>
      </div>
      <section
        aria-label="Excerpt"
        className="scroll-thin min-h-0 flex-1 overflow-y-auto px-4 py-3"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <h3 className="font-semibold text-[0.95rem] leading-snug [overflow-wrap:anywhere]">{title}</h3>
        <dl className="mt-2.5 flex flex-wrap items-center gap-x-4 gap-y-1.5 border-b pb-3 text-xs">
          <Fact name="Status">
            <span className="size-2 rounded-full" style={{ backgroundColor: cssColor(column?.color) }} />
            {column?.name ?? status}
          </Fact>
          <Fact name="Priority">
            <PriorityIcon priority={priority} className="size-3.5" />
            {PRIORITY_NAMES[priority]}
          </Fact>
          <Fact name="Assignee">
            {assignee ? (
              <>
                <Avatar {...assignee} />{" "}
                <span dir="auto" className="max-w-40 truncate">
                  {assignee.name}
                </span>
              </>
            ) : (
              <span className="text-muted-foreground">Unassigned</span>
            )}
          </Fact>
          <Fact name="Comments">
            <MessageSquare className="size-3.5 text-muted-foreground" aria-hidden="true" />
            {/* A placeholder avoids a layout shift while the count loads. */}
            <span className="tabular min-w-16">{detail ? plural(detail.comments.length, "comment") : "…"}</span>
          </Fact>
          {detail && detail.commits.length > 0 && (
            <Fact name="Commits">
              <GitCommitHorizontal className="size-3.5 text-muted-foreground" aria-hidden="true" />
              {plural(detail.commits.length, "commit")}
            </Fact>
          )}
          <Fact name="Updated">
            <span className="text-muted-foreground">
              updated <TimeAgo at={result.updated_at} />
            </span>
          </Fact>
        </dl>
        <div className="mt-3">
          {text ? <RichText text={text} /> : <p className="text-muted-foreground">No description.</p>}
        </div>
        {result.tags.length > 0 && (
          <ul aria-label="Tags" className="mt-4 flex flex-wrap gap-1">
            {result.tags.map((tag) => (
              <li
                dir="auto"
                key={tag}
                className="max-w-full truncate rounded bg-muted px-1.5 py-0.5 text-2xs text-muted-foreground"
              >
                {tag}
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="sr-only">{name}</dt>
      <dd className="flex items-center gap-1.5">{children}</dd>
    </div>
  );
}

/** The first part of a text, cut at a line break where possible. */
export function excerpt(text: string): string {
  const whole = text.trim();
  if (whole.length <= EXCERPT_LENGTH) return whole;
  const cut = whole.slice(0, EXCERPT_LENGTH);
  const line = cut.lastIndexOf("\n");
  return `${(line > EXCERPT_LENGTH / 2 ? cut.slice(0, line) : cut).trimEnd()} …`;
}
