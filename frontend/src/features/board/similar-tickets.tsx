import { useQuery } from "@tanstack/react-query";
import { Check, ExternalLink, TriangleAlert } from "lucide-react";
import { search } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { DuplicateCheckResponse } from "@/api/types";
import { SimilarityBadge } from "@/entities/ticket/similarity-badge";
import { cn } from "@/ui/cn";
import { useDebouncedValue } from "@/ui/use-debounced-value";

interface Props {
  workflowId: string;
  title: string;
  description: string;
}

const MIN_TITLE_LENGTH = 8;
const DEBOUNCE_MS = 400;
const MAX_SIMILAR = 4;

/** Possible duplicates of the ticket being written. They never block creating it. */
export function SimilarTickets({ workflowId, title, description }: Props) {
  const asked = useDebouncedValue(`${title}\n${description}`, DEBOUNCE_MS);
  const [wanted = "", ...lines] = asked.split("\n");
  const text = lines.join("\n");
  const enabled = title.length >= MIN_TITLE_LENGTH && wanted.length >= MIN_TITLE_LENGTH;
  const { data } = useQuery({
    queryKey: queryKeys.similar(workflowId, wanted, text),
    queryFn: ({ signal }) =>
      search.checkDuplicate({ workflow_id: workflowId, title: wanted, description: text, limit: MAX_SIMILAR }, signal),
    enabled,
    placeholderData: (old) => old,
    staleTime: 60_000,
    retry: false,
  });
  const found = enabled ? data : undefined;
  return (
    <div aria-live="polite" className="empty:-mt-4">
      {found && found.similar_tickets.length > 0 && <Similar answer={found} workflowId={workflowId} />}
    </div>
  );
}

function Similar({ answer, workflowId }: { answer: DuplicateCheckResponse; workflowId: string }) {
  const { duplicate_of, is_duplicate, similar_tickets } = answer;
  const duplicate = is_duplicate ? duplicate_of : null;
  return (
    <section
      aria-label="Similar tickets"
      className={cn(
        "rounded-lg border px-3 pt-2 pb-1.5",
        duplicate ? "border-warning/40 bg-warning-soft/60" : "bg-sunken",
      )}
    >
      <h3 className="flex items-center gap-1.5 font-semibold text-xs">
        {duplicate && <TriangleAlert className="size-3.5 shrink-0 text-warning" aria-hidden="true" />}
        {duplicate ? `Possible duplicate of ${duplicate.key}` : "Similar tickets"}
      </h3>
      <ul className="-mx-1.5 mt-1 grid grid-cols-1">
        {similar_tickets.map((ticket) => (
          <li key={ticket.ticket_id}>
            {/* A new tab keeps the form's input. */}
            <a
              href={`/w/${workflowId}/t/${ticket.ticket_id}`}
              target="_blank"
              rel="noopener"
              className="flex items-center gap-2 rounded-md px-1.5 py-1 text-xs hover:bg-muted"
            >
              {ticket.is_resolved && <Check className="size-3.5 shrink-0 text-success" aria-label="Resolved" />}
              <span className="tabular shrink-0 text-muted-foreground">{ticket.key}</span>
              <span dir="auto" className="min-w-0 flex-1 truncate" title={ticket.title}>
                {ticket.title}
              </span>
              <SimilarityBadge ticket={ticket} />
              <ExternalLink className="size-3 shrink-0 text-muted-foreground" aria-label="Opens in a new tab" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A note about the most similar ticket in the response of a create request. */
export function similarityNote(
  similar: readonly { key: string; title: string; relation_type: string }[],
): string | undefined {
  const [first] = similar;
  if (!first || first.relation_type === "similar") return undefined;
  const label = first.relation_type === "duplicate" ? "Possible duplicate of" : "Related to";
  return `${label} ${first.key} ${first.title}`;
}
