/** What somebody chooses for the names of a file, beside what the server proposes. */
import type { ImportMapping, ImportPreview, MappedName, MappedNames } from "@/api/types";

export type Kind = keyof MappedNames;
export const KINDS: readonly Kind[] = ["states", "types", "priorities", "people"];

/** By kind and name; null keeps a person as text. Names without a choice are mapped as proposed. */
export type Choices = Record<Kind, Record<string, string | null>>;

export const noChoices = (): Choices => ({ states: {}, types: {}, priorities: {}, people: {} });

export const hasChoices = (choices: Choices): boolean => KINDS.some((kind) => Object.keys(choices[kind]).length > 0);

/** The choice of a name, or what is proposed. */
export function targetOf(kind: Kind, row: MappedName, choices: Choices): string | null {
  return Object.hasOwn(choices[kind], row.name) ? (choices[kind][row.name] as string | null) : row.to;
}

/** With another choice; what is proposed anyway is none. */
export function choose(choices: Choices, kind: Kind, row: MappedName, to: string | null): Choices {
  const { [row.name]: _, ...others } = choices[kind];
  return { ...choices, [kind]: to === row.to ? others : { ...others, [row.name]: to } };
}

export function toMapping(choices: Choices): ImportMapping {
  return choices as ImportMapping;
}

interface Member {
  actor_id: string;
}

/** Without names that the file does not have, and columns, types and members that no longer exist. Unknown members are kept. */
export function validChoices(
  choices: Choices,
  preview: ImportPreview,
  members: readonly Member[] | undefined,
): Choices {
  const columns = new Set(preview.columns.map(({ id }) => id));
  const actors = members && new Set(members.map(({ actor_id }) => actor_id));
  const valid: Record<Kind, (to: string | null) => boolean> = {
    states: (to) => to !== null && columns.has(to),
    types: (to) => to !== null && preview.ticket_types.includes(to),
    priorities: (to) => to !== null && PRIORITIES.includes(to),
    people: (to) => to === null || !actors || actors.has(to),
  };
  const kept = noChoices();
  for (const kind of KINDS) {
    for (const row of preview.mapping[kind]) {
      const to = Object.hasOwn(choices[kind], row.name) ? choices[kind][row.name] : undefined;
      if (to !== undefined && to !== row.to && valid[kind](to)) kept[kind][row.name] = to;
    }
  }
  return kept;
}

export const PRIORITIES: readonly string[] = ["low", "medium", "high", "critical"];

const storageKey = (workflowId: string, format: string) => `callboard.import.${workflowId}.${format}`;

/** The choices of the last import of this format, because another mapping counts as a change of every ticket. */
export function recallChoices(workflowId: string, format: string): Choices {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey(workflowId, format)) ?? "null");
    return readChoices(stored);
  } catch {
    return noChoices();
  }
}

export function rememberChoices(workflowId: string, format: string, choices: Choices): void {
  try {
    localStorage.setItem(storageKey(workflowId, format), JSON.stringify(choices));
  } catch {
    // Without storage they are chosen again.
  }
}

function readChoices(stored: unknown): Choices {
  const choices = noChoices();
  if (typeof stored !== "object" || stored === null) return choices;
  for (const kind of KINDS) {
    const list = (stored as Record<string, unknown>)[kind];
    if (typeof list !== "object" || list === null) continue;
    for (const [name, to] of Object.entries(list)) {
      if (typeof to === "string" || to === null) choices[kind][name] = to;
    }
  }
  return choices;
}
