import { Pencil, Trash2 } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { isSubmit } from "@/ui/enter-key";
import { Textarea } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { Kbd } from "@/ui/states";
import type { LineComment } from "./review-text";

interface Props {
  comment: LineComment;
  editing: boolean;
  onEdit: () => void;
  /** What is typed is kept at once; an empty text is no comment. */
  onChange: (text: string) => void;
  onClose: () => void;
}

/** A comment below its line in the diff. */
export function LineNote({ comment, editing, onEdit, onChange, onClose }: Props) {
  const { path, line, text } = comment;
  const name = `${path}:${line}`;
  if (editing) return <Editor name={name} text={text} onChange={onChange} onClose={onClose} />;
  return (
    <div className="flex items-start gap-2 border-primary border-l-2 bg-accent/50 px-3 py-2 text-xs">
      <p className="min-w-0 flex-1 whitespace-pre-wrap [overflow-wrap:anywhere]">
        <VisibleText text={text} />
      </p>
      <Button size="icon-sm" variant="ghost" aria-label={`Edit the comment on ${name}`} onClick={onEdit}>
        <Pencil />
      </Button>
      <Button size="icon-sm" variant="ghost" aria-label={`Delete the comment on ${name}`} onClick={() => onChange("")}>
        <Trash2 />
      </Button>
    </div>
  );
}

function Editor(props: { name: string; text: string; onChange: (text: string) => void; onClose: () => void }) {
  const [text, setText] = useState(props.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  const cancel = () => {
    props.onChange(props.text);
    props.onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const done = isSubmit(event);
    if (!done && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (done) props.onClose();
    else cancel();
  };
  return (
    <div className="grid gap-2 border-primary border-l-2 px-3 py-2">
      <Textarea
        ref={field}
        aria-label={`Comment on ${props.name}`}
        placeholder={`Comment on line ${props.name.slice(props.name.lastIndexOf(":") + 1)}`}
        rows={text.includes("\n") ? 4 : 2}
        className="min-h-0 text-xs"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          props.onChange(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="flex items-center gap-1.5">
        <Button size="sm" variant="primary" disabled={!text.trim()} onClick={props.onClose}>
          Comment
        </Button>
        <Button size="sm" variant="ghost" onClick={cancel}>
          Cancel
        </Button>
        <span className="ml-auto flex items-center gap-1 text-2xs text-muted-foreground pointer-coarse:hidden max-sm:hidden">
          <Kbd>Ctrl</Kbd> <Kbd>Enter</Kbd>
        </span>
      </div>
    </div>
  );
}
