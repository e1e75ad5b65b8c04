/** Asks for a line of text from anywhere, and answers with it, or with null when the person thinks better of it. */
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { Field, Textarea } from "./field";

interface Question {
  title: string;
  description?: string;
  label: string;
  submit: string;
  minLength?: number;
}

type Pending = Question & { answer: (text: string | null) => void };
let show: ((pending: Pending) => void) | null = null;

export function ask(question: Question): Promise<string | null> {
  return new Promise((answer) => {
    if (show) show({ ...question, answer });
    else answer(null);
  });
}

export function AskHost() {
  const [pending, setPending] = useState<Pending | null>(null);
  useEffect(() => {
    show = setPending;
    return () => {
      show = null;
    };
  }, []);
  if (!pending) return null;
  const finish = (text: string | null) => {
    pending.answer(text);
    setPending(null);
  };
  return <AskDialog key={pending.title} question={pending} finish={finish} />;
}

function AskDialog({ question, finish }: { question: Question; finish: (text: string | null) => void }) {
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const least = question.minLength ?? 1;
  const short = text.trim().length < least;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (short) setTried(true);
    else finish(text.trim());
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && finish(null)}
      title={question.title}
      description={question.description}
    >
      <form onSubmit={submit}>
        <Field
          label={question.label}
          hint={least > 1 ? `At least ${least} characters.` : undefined}
          error={tried && short ? `Write at least ${least} characters.` : null}
        >
          {(control) => (
            <Textarea
              {...control}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit(event);
              }}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={() => finish(null)}>Cancel</Button>
          <Button type="submit" variant="primary">
            {question.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
