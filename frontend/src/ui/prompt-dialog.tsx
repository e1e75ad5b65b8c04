/**
 * Dialogs that can be opened from anywhere in the code: `prompt` resolves to a text, `confirm` to whether the user
 * agreed. The one `PromptHost` of the page shows them, in the order of the calls.
 */
import { useEffect, useState } from "react";
import { lazyPart } from "./lazy-part";
import type { Answer, Confirmation, Prompt, Question } from "./question";

/** Asks the questions. The first page does not need it. */
export const QuestionDialog = lazyPart(async () => (await import("./question-dialog")).QuestionDialog);

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
  return <QuestionDialog key={id} question={question} finish={finish} />;
}
