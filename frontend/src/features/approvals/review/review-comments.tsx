import type { Comment } from "@/api/types";
import { RichText } from "@/entities/ticket/rich-text";
import { VisibleText } from "@/ui/invisible";
import { TimeAgo } from "@/ui/time";

const SHOWN = 3;

/** The last comments of the ticket: what a review is requested with is one of them. */
export function ReviewComments({ comments }: { comments: readonly Comment[] }) {
  const last = comments.toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1)).slice(-SHOWN);
  if (last.length === 0) return null;
  return (
    <section aria-label="Last comments on the ticket" className="grid gap-2">
      <h2 className="font-semibold text-xs">{last.length < comments.length ? "Last comments" : "Comments"}</h2>
      {last.map(({ comment_id, agent_name, created_at, comment_text }) => (
        <article key={comment_id} className="min-w-0 rounded-md bg-sunken px-3 py-2">
          <p className="mb-0.5 flex gap-2 text-2xs text-muted-foreground">
            <span className="truncate font-semibold text-foreground">
              <VisibleText text={agent_name ?? "Somebody"} />
            </span>
            <TimeAgo at={created_at} className="shrink-0" />
          </p>
          <RichText text={comment_text} />
        </article>
      ))}
    </section>
  );
}
