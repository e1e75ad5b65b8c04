import { type FormEvent, useState } from "react";
import { Button } from "./button";
import { contentLength } from "./content-length";
import { Dialog, DialogActions } from "./dialog";
import { DraftNote } from "./draft-note";
import { isSubmit } from "./enter-key";
import { Field, Input, Textarea } from "./field";
import type { Answer, Confirmation, Prompt, Question } from "./question";
import { useDraft } from "./use-draft";

interface Props {
  question: Question;
  finish: (answer: Answer) => void;
}

/** The dialog of a `prompt` or a `confirm`. */
export function QuestionDialog({ question, finish }: Props) {
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && finish(null)}
      title={question.title}
      description={question.description}
    >
      {question.kind === "prompt" ? (
        <PromptForm question={question} finish={finish} />
      ) : (
        <ConfirmForm question={question} finish={finish} />
      )}
    </Dialog>
  );
}

interface FormProps<Options> {
  question: Options;
  finish: (answer: Answer) => void;
}

function PromptForm({ question, finish }: FormProps<Prompt>) {
  const { label, submit, minLength = 1 } = question;
  const draft = useDraft(question.draft ?? `question.${question.title}.${question.description ?? ""}`, "");
  const text = draft.value;
  const [submitted, setSubmitted] = useState(false);
  const tooShort = contentLength(text) < minLength;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (tooShort) {
      setSubmitted(true);
      return;
    }
    if (question.draft === undefined) draft.clear();
    finish(text.trim());
  };
  return (
    <form data-draft onSubmit={send} className="grid gap-2">
      <Field
        label={label}
        hint={minLength > 1 ? `At least ${minLength} characters.` : undefined}
        error={submitted && tooShort ? `Write at least ${minLength} characters.` : null}
      >
        {(control) => (
          <Textarea
            {...control}
            value={text}
            autoFocus
            onChange={(event) => draft.set(event.target.value)}
            onKeyDown={(event) => {
              if (isSubmit(event)) send(event);
            }}
          />
        )}
      </Field>
      <DraftNote draft={draft} />
      <DialogActions>
        <Button onClick={() => finish(null)}>Cancel</Button>
        <Button type="submit" variant="primary">
          {submit}
        </Button>
      </DialogActions>
    </form>
  );
}

function ConfirmForm({ question, finish }: FormProps<Confirmation>) {
  const { submit, word } = question;
  const [typed, setTyped] = useState("");
  const ready = !word || typed.trim().toLowerCase() === word.toLowerCase();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (ready) finish("");
  };
  return (
    <form onSubmit={send}>
      {word && (
        <Field label={`Type “${word}” to confirm`}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              autoFocus
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
      )}
      <DialogActions>
        {/* Not "Cancel", which is ambiguous beside "Cancel job". */}
        <Button onClick={() => finish(null)}>Keep</Button>
        <Button type="submit" variant="danger" disabled={!ready} autoFocus={!word}>
          {submit}
        </Button>
      </DialogActions>
    </form>
  );
}
