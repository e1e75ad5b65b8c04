import { type RefObject, useMemo, useState } from "react";
import { comments as api } from "@/api";
import type { NameOf } from "@/api/hooks";
import type { Comment, TicketDetail } from "@/api/types";
import { Composer } from "@/ui/composer";
import { CommentItem } from "./comment-item";

interface Props {
  ticket: TicketDetail;
  nameOf: NameOf;
  editable: boolean;
  composer: RefObject<HTMLTextAreaElement | null>;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
}

export interface Thread {
  comment: Comment;
  replies: Comment[];
}

/** Groups replies under their root comment, whatever their depth. */
export function threads(comments: readonly Comment[]): Thread[] {
  const byId = new Map(comments.map((comment) => [comment.comment_id, comment]));
  const rootOf = (comment: Comment): string => {
    const seen = new Set<string>();
    let at = comment;
    while (at.parent_id && !seen.has(at.comment_id)) {
      seen.add(at.comment_id);
      const parent = byId.get(at.parent_id);
      if (!parent) break;
      at = parent;
    }
    return at.comment_id;
  };
  const roots = new Map<string, Thread>();
  const inOrder = [...comments].sort((a, b) =>
    a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0,
  );
  for (const comment of inOrder) {
    if (rootOf(comment) === comment.comment_id) roots.set(comment.comment_id, { comment, replies: [] });
  }
  for (const comment of inOrder) {
    const root = rootOf(comment);
    if (root !== comment.comment_id) roots.get(root)?.replies.push(comment);
  }
  return [...roots.values()];
}

export function Comments({ ticket, nameOf, editable, composer, run }: Props) {
  const [replyTo, setReplyTo] = useState<string | null>(null);
  const list = useMemo(() => threads(ticket.comments ?? []), [ticket.comments]);
  const send = (parent?: string) => async (text: string) => {
    const sent = await run("Could not post the comment", () => api.add(ticket.ticket_id, text, parent));
    if (sent) setReplyTo(null);
    return sent !== null;
  };
  const item = { nameOf, editable, run, onReply: setReplyTo };
  return (
    <div className="grid gap-4">
      {list.length === 0 && (
        <p className="text-muted-foreground">
          {editable
            ? "No comments yet. People and agents that work on this ticket read what you write."
            : "No comments yet."}
        </p>
      )}
      <ol className="grid gap-4">
        {list.map(({ comment, replies }) => (
          <li key={comment.comment_id} className="grid gap-3">
            <CommentItem comment={comment} {...item} />
            {(replies.length > 0 || replyTo === comment.comment_id) && (
              <div className="ml-3.5 grid gap-3 border-l pl-5">
                <ol className="grid gap-3">
                  {replies.map((reply) => (
                    <li key={reply.comment_id}>
                      <CommentItem comment={reply} {...item} onReply={() => setReplyTo(comment.comment_id)} />
                    </li>
                  ))}
                </ol>
                {replyTo === comment.comment_id && (
                  <Composer
                    label={`Reply to ${nameOf(comment.agent_id).name}`}
                    draft={`ticket.${ticket.ticket_id}.reply.${comment.comment_id}`}
                    submit="Reply"
                    autoFocus
                    onSend={send(comment.comment_id)}
                    onCancel={() => setReplyTo(null)}
                  />
                )}
              </div>
            )}
          </li>
        ))}
      </ol>
      {editable && (
        <Composer
          label="Add a comment"
          draft={`ticket.${ticket.ticket_id}.comment`}
          submit="Comment"
          inputRef={composer}
          onSend={send()}
        />
      )}
    </div>
  );
}
