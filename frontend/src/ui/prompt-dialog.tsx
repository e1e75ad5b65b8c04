/**
 * Dialogs that can be opened from anywhere in the code: `prompt` resolves to a text, `confirm` to whether the user
 * agreed. The one `PromptHost` of the page shows them, in the order of the calls.
 */
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "./button";
import { contentLength } from "./content-length";
import { Dialog, DialogActions } from "./dialog";
import { Field, Input, Textarea } from "./field";

interface Prompt {
  title: string;
  description?: string;
  label: string;
  submit: string;
  /** Defaults to 1. */
  minLength?: number;
}

interface Confirmation {
  title: string;
  description: string;
  submit: string;
  /** A word the user must type first, for actions that must not happen by accident. */
  word?: string;
}

type Question = ({ kind: "prompt" } & Prompt) | ({ kind: "confirm" } & Confirmation);
/** The text of a prompt, an empty text for a confirmation, or null when the user cancels. */
type Answer = string | null;

interface Request {
  id: number;
  question: Question;
  resolve: (answer: Answer) => void;
}

let lastId = 0;
let enqueue: ((request: Request) => void) | null = null;

/** Resolves to null when the user cancels. */
export function prompt(options: Prompt): Promise<string | null> {
  return open({ kind: "prompt", ...options });
}

/** Resolves to false when the user cancels. */
export async function confirm(options: Confirmation): Promise<boolean> {
  return (await open({ kind: "confirm", ...options })) !== null;
}

function open(question: Question): Promise<Answer> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve) => {
    if (enqueue) enqueue({ id, question, resolve });
    else resolve(null);
  });
}

export function PromptHost() {
  const [queue, setQueue] = useState<readonly Request[]>([]);
  useEffect(() => {
    enqueue = (request) => setQueue((old) => [...old, request]);
    return () => {
      enqueue = null;
    };
  }, []);
  const current = queue[0];
  if (!current) return null;
  const { id, question, resolve } = current;
  const finish = (answer: Answer) => {
    resolve(answer);
    setQueue((old) => old.filter((request) => request !== current));
  };
  return (
    <Dialog
      key={id}
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
  const [text, setText] = useState("");
  const [submitted, setSubmitted] = useState(false);
  const tooShort = contentLength(text) < minLength;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (tooShort) setSubmitted(true);
    else finish(text.trim());
  };
  return (
    <form onSubmit={send}>
      <Field
        label={label}
        hint={minLength > 1 ? `At least ${minLength} characters.` : undefined}
        error={submitted && tooShort ? `Write at least ${minLength} characters.` : null}
      >
        {(control) => (
          <Textarea
            {...control}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send(event);
            }}
          />
        )}
      </Field>
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
