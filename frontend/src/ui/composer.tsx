import { type RefObject, useState } from "react";
import { Button } from "./button";
import { Textarea } from "./field";

interface Props {
  label: string;
  submit: string;
  /** Keeps the draft in session storage under this key, so that it survives a reload. */
  draftKey?: string;
  initial?: string;
  autoFocus?: boolean;
  inputRef?: RefObject<HTMLTextAreaElement | null>;
  onSend: (text: string) => Promise<boolean>;
  onCancel?: () => void;
}

export function Composer({ label, submit, draftKey, initial = "", autoFocus, inputRef, onSend, onCancel }: Props) {
  const key = draftKey && `callboard.draft.${draftKey}`;
  const [text, setText] = useState(() => (key && read(key)) || initial);
  const [busy, setBusy] = useState(false);
  const change = (next: string) => {
    setText(next);
    if (key) write(key, next);
  };
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    if (await onSend(text.trim())) change("");
    setBusy(false);
  };
  return (
    <div className="grid gap-2">
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
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void send();
          if (event.key !== "Escape") return;
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

function read(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Storage is blocked; the draft is lost when the field unmounts.
  }
}
