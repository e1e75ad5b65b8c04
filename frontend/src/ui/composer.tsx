import { type RefObject, useState } from "react";
import { Button } from "./button";
import { DraftNote } from "./draft-note";
import { isEscape, isSubmit } from "./enter-key";
import { Textarea } from "./field";
import { useDraft } from "./use-draft";

interface Props {
  label: string;
  submit: string;
  /** The place at which what is typed is kept until it is sent or discarded. */
  draft: string;
  initial?: string;
  autoFocus?: boolean;
  inputRef?: RefObject<HTMLTextAreaElement | null>;
  onSend: (text: string) => Promise<boolean>;
  onCancel?: () => void;
}

export function Composer({ label, submit, draft: place, initial = "", autoFocus, inputRef, onSend, onCancel }: Props) {
  const draft = useDraft(place, initial);
  const text = draft.value;
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    if (await onSend(text.trim())) draft.clear();
    setBusy(false);
  };
  return (
    <div data-draft className="grid gap-2">
      <DraftNote draft={draft} />
      <Textarea
        ref={inputRef}
        aria-label={label}
        placeholder={label}
        rows={text.includes("\n") ? Math.min(12, text.split("\n").length + 1) : 2}
        className="min-h-0"
        value={text}
        autoFocus={autoFocus}
        onFocus={({ currentTarget: field }) => {
          // Put the cursor at the end of the text.
          if (autoFocus) field.setSelectionRange(field.value.length, field.value.length);
        }}
        onChange={(event) => draft.set(event.target.value)}
        onKeyDown={(event) => {
          if (isSubmit(event)) void send();
          if (!isEscape(event)) return;
          event.preventDefault();
          if (onCancel) onCancel();
          else event.currentTarget.blur();
        }}
      />
      {(text.trim() || onCancel) && (
        <div className="flex items-center gap-2">
          <Button variant="primary" size="sm" disabled={!text.trim() || busy} onClick={() => void send()}>
            {submit}
          </Button>
          {onCancel && (
            <Button variant="ghost" size="sm" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <span className="ml-auto text-2xs text-muted-foreground">Markdown supported. Ctrl+Enter to send</span>
        </div>
      )}
    </div>
  );
}
