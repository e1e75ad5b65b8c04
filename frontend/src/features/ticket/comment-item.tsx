import { MessageSquareReply, Pencil, SmilePlus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { comments as api } from "@/api";
import { type NameOf, useMe } from "@/api/hooks";
import type { Comment } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { RichText } from "@/entities/ticket/rich-text";
import { cn } from "@/ui/cn";
import { Composer } from "@/ui/composer";
import { DraftMark } from "@/ui/draft-note";
import { Menu, MenuItem } from "@/ui/menu";
import { confirm } from "@/ui/prompt-dialog";
import { TimeAgo } from "@/ui/time";

interface Props {
  comment: Comment;
  nameOf: NameOf;
  editable: boolean;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
  onReply: (commentId: string) => void;
}

const EMOJI: ReadonlyArray<[string, string]> = [
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["🎉", "party"],
  ["👀", "eyes"],
  ["✅", "done"],
  ["😄", "smile"],
];

const KINDS: Record<string, string> = {
  status_change: "with a status change",
  assignment: "on the assignment",
  blocker: "on a blocker",
  resolution: "as the resolution",
};

export function CommentItem({ comment, nameOf, editable, run, onReply }: Props) {
  const me = useMe();
  const [editing, setEditing] = useState(false);
  const draft = `comment.${comment.comment_id}`;
  const known = nameOf(comment.agent_id);
  const author = comment.agent_name ? { ...known, name: comment.agent_name } : known;
  const own = me !== null && comment.agent_id === me.id;
  const reactions = comment.reactions ?? [];
  const mine = (emoji: string) =>
    me !== null && (reactions.find((each) => each.emoji === emoji)?.agent_ids ?? []).includes(me.id);
  const react = (emoji: string) =>
    void run("Could not save the reaction", () => api.react(comment.comment_id, emoji, !mine(emoji)));
  const remove = async () => {
    const yes = await confirm({
      title: "Delete comment?",
      description: own ? "It cannot be restored." : `${author.name} wrote it. It cannot be restored.`,
      submit: "Delete comment",
    });
    if (yes) await run("Could not delete the comment", () => api.remove(comment.comment_id));
  };
  const save = async (text: string) => {
    const saved = await run("Could not update the comment", async () => {
      await api.edit(comment.comment_id, text);
      return true;
    });
    if (saved) setEditing(false);
    return saved === true;
  };

  return (
    <article aria-label={`Comment by ${author.name}`} className="group flex gap-2.5">
      <Avatar {...author} size="md" />
      <div className="min-w-0 flex-1">
        <header className="flex min-h-6 flex-wrap items-center gap-x-1.5 text-xs">
          <span className="font-semibold">{author.name}</span>
          <span className="text-muted-foreground">
            {KINDS[comment.comment_type]} <TimeAgo at={comment.created_at} />
            {comment.is_edited && " · edited"}
          </span>
          {editable && !editing && (
            <span className="ml-auto flex opacity-0 focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
              <Menu
                trigger={
                  <button type="button" aria-label="Add reaction" className={buttonClass}>
                    <SmilePlus className="size-3.5" />
                  </button>
                }
              >
                <div className="flex">
                  {EMOJI.map(([emoji, name]) => (
                    <MenuItem key={emoji} aria-label={name} onSelect={() => react(emoji)}>
                      {emoji}
                    </MenuItem>
                  ))}
                </div>
              </Menu>
              <CommentButton label="Reply" onClick={() => onReply(comment.comment_id)}>
                <MessageSquareReply className="size-3.5" />
              </CommentButton>
              {own && (
                <CommentButton label="Edit comment" onClick={() => setEditing(true)}>
                  <Pencil className="size-3.5" />
                </CommentButton>
              )}
              {(own || me?.is_admin) && (
                <CommentButton label="Delete comment" onClick={() => void remove()}>
                  <Trash2 className="size-3.5" />
                </CommentButton>
              )}
            </span>
          )}
        </header>
        {editing ? (
          <Composer
            label="Edit comment"
            draft={draft}
            submit="Save"
            initial={comment.comment_text}
            autoFocus
            onSend={save}
            onCancel={() => setEditing(false)}
          />
        ) : (
          <>
            <RichText text={comment.comment_text} />
            {own && editable && <DraftMark place={draft} onOpen={() => setEditing(true)} />}
          </>
        )}
        {reactions.length > 0 && (
          <div className="mt-1.5 flex flex-wrap gap-1">
            {reactions.map(({ emoji, count, agent_ids }) => (
              <button
                key={emoji}
                type="button"
                disabled={!editable}
                aria-pressed={mine(emoji)}
                aria-label={`${emoji} ${count}`}
                title={agent_ids?.map((id) => nameOf(id).name).join(", ")}
                onClick={() => react(emoji)}
                className={cn(
                  "tabular flex h-6 items-center gap-1 rounded-full border px-2 text-xs",
                  mine(emoji) ? "border-primary bg-accent" : "hover:bg-muted",
                )}
              >
                {emoji} {count}
              </button>
            ))}
          </div>
        )}
      </div>
    </article>
  );
}

const buttonClass = "grid size-6 place-items-center rounded text-muted-foreground hover:bg-muted hover:text-foreground";

function CommentButton({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick} className={buttonClass}>
      {children}
    </button>
  );
}
