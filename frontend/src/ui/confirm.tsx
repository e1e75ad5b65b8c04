/** Asks before something that cannot be taken back, from anywhere; answers whether it shall be done. */
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { Field, Input } from "./field";

interface Question {
  title: string;
  description: string;
  submit: string;
  /** A word to be typed first, for what must not happen by a slip of the hand. */
  word?: string;
}

type Pending = Question & { answer: (yes: boolean) => void };
let show: ((pending: Pending) => void) | null = null;

export function confirm(question: Question): Promise<boolean> {
  return new Promise((answer) => {
    if (show) show({ ...question, answer });
    else answer(false);
  });
}

export function ConfirmHost() {
  const [pending, setPending] = useState<Pending | null>(null);
  useEffect(() => {
    show = setPending;
    return () => {
      show = null;
    };
  }, []);
  if (!pending) return null;
  const finish = (yes: boolean) => {
    pending.answer(yes);
    setPending(null);
  };
  return <ConfirmDialog key={pending.title} question={pending} finish={finish} />;
}

function ConfirmDialog({ question, finish }: { question: Question; finish: (yes: boolean) => void }) {
  const { title, description, submit, word } = question;
  const [typed, setTyped] = useState("");
  const ready = !word || typed.trim().toLowerCase() === word.toLowerCase();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (ready) finish(true);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && finish(false)} title={title} description={description}>
      <form onSubmit={send}>
        {word && (
          <Field label={`Type “${word}” to go on`}>
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
          <Button onClick={() => finish(false)}>Keep</Button>
          <Button type="submit" variant="danger" disabled={!ready} autoFocus={!word}>
            {submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
