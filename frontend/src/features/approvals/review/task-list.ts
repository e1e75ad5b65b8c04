/** The check boxes of a text in Markdown, such as the acceptance criteria of a ticket. Pure. */

export interface Task {
  text: string;
  done: boolean;
}

const TASK = /^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]\s+(\S.*)$/;
const FENCE = /^\s*(```|~~~)/;

export function readTasks(markdown: string): Task[] {
  const tasks: Task[] = [];
  let fence: string | null = null;
  for (const line of markdown.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (mark) {
      if (fence === null) fence = mark;
      else if (fence === mark) fence = null;
      continue;
    }
    const task = fence === null ? TASK.exec(line) : null;
    if (task) tasks.push({ done: task[1] !== " ", text: (task[2] ?? "").trim() });
  }
  return tasks;
}
