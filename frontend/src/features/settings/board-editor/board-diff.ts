/** How two drafts of a board differ, in sentences. Pure. */

import { idsOf } from "./board-change";
import { columnName, type Draft, type DraftColumn, type DraftType, typeName } from "./draft";
import { categoryName, POLICIES, TOGGLES } from "./labels";

export type ChangeKind = "added" | "removed" | "changed";

export interface Change {
  kind: ChangeKind;
  text: string;
}

export interface ChangeGroup {
  title: string;
  changes: Change[];
}

/** Moves that are listed one by one; more are counted. */
const MAX_MOVES = 6;

export function differences(before: Draft, after: Draft): ChangeGroup[] {
  const groups: ChangeGroup[] = [
    { title: "Board", changes: boardChanges(before, after) },
    { title: "Columns", changes: columnChanges(before, after) },
    { title: "Transitions", changes: transitionChanges(before, after) },
    { title: "Ticket types", changes: typeChanges(before, after) },
    { title: "Rules", changes: ruleChanges(before, after) },
  ];
  return groups.filter(({ changes }) => changes.length > 0);
}

export const countChanges = (groups: readonly ChangeGroup[]) =>
  groups.reduce((sum, { changes }) => sum + changes.length, 0);

const quoted = (name: string) => `“${name}”`;
const changed = (text: string): Change => ({ kind: "changed", text });

function boardChanges(before: Draft, after: Draft): Change[] {
  const changes: Change[] = [];
  if (before.name !== after.name) changes.push(changed(`Name: ${quoted(before.name)} → ${quoted(after.name)}`));
  const nameOf = (draft: Draft, key: string) =>
    quoted(columnName(draft.columns.find((each) => each.key === key) ?? { name: key }));
  if (before.initial !== after.initial) {
    changes.push(changed(`Default column: ${nameOf(before, before.initial)} → ${nameOf(after, after.initial)}`));
  }
  const typeOf = (draft: Draft, key: string) =>
    quoted(typeName(draft.types.find((each) => each.key === key) ?? { name: key }));
  if (before.defaultType !== after.defaultType) {
    changes.push(changed(`Default type: ${typeOf(before, before.defaultType)} → ${typeOf(after, after.defaultType)}`));
  }
  return changes;
}

function columnChanges(before: Draft, after: Draft): Change[] {
  const [idsBefore, idsAfter] = [idsOf(before).columns, idsOf(after).columns];
  const changes = listChanges(before.columns, after.columns, columnName, "column", (old, now) => {
    const name = quoted(columnName(now));
    const lines: string[] = [];
    if (old.name !== now.name) lines.push(`Rename ${quoted(columnName(old))} to ${name}`);
    const [idBefore, idNow] = [idsBefore.get(old.key), idsAfter.get(now.key)];
    if (old.id && idBefore !== idNow) lines.push(`ID of ${name}: ${idBefore} → ${idNow}`);
    if (old.category !== now.category) {
      lines.push(`Category of ${name}: ${categoryName(old.category)} → ${categoryName(now.category)}`);
    }
    if (old.wip.trim() !== now.wip.trim()) {
      lines.push(`WIP limit of ${name}: ${old.wip.trim() || "none"} → ${now.wip.trim() || "none"}`);
    }
    if (old.color !== now.color) lines.push(`Color of ${name}`);
    return lines;
  });
  return changes;
}

function typeChanges(before: Draft, after: Draft): Change[] {
  return listChanges(before.types, after.types, typeName, "type", (old: DraftType, now: DraftType) => {
    const name = quoted(typeName(now));
    const lines: string[] = [];
    if (old.name !== now.name) lines.push(`Rename ${quoted(typeName(old))} to ${name}`);
    if (old.icon !== now.icon) lines.push(`Icon of ${name}`);
    if (old.color !== now.color) lines.push(`Color of ${name}`);
    return lines;
  });
}

function listChanges<Entry extends DraftColumn | DraftType>(
  before: readonly Entry[],
  after: readonly Entry[],
  nameOf: (entry: Entry) => string,
  what: string,
  linesOf: (old: Entry, now: Entry) => string[],
): Change[] {
  const old = new Map(before.map((entry) => [entry.key, entry]));
  const now = new Set(after.map(({ key }) => key));
  const changes: Change[] = [];
  for (const entry of after) {
    const from = old.get(entry.key);
    if (!from) changes.push({ kind: "added", text: `Add ${what} ${quoted(nameOf(entry))}` });
    else changes.push(...linesOf(from, entry).map(changed));
  }
  for (const entry of before) {
    if (!now.has(entry.key)) changes.push({ kind: "removed", text: `Remove ${what} ${quoted(nameOf(entry))}` });
  }
  if (!sameOrder(before, after)) changes.push(changed(`Order: ${after.map(nameOf).join(", ")}`));
  return changes;
}

/** Whether the entries that both lists have are in the same order. */
export function sameOrder(before: ReadonlyArray<{ key: string }>, after: ReadonlyArray<{ key: string }>): boolean {
  const common = (list: ReadonlyArray<{ key: string }>, other: ReadonlyArray<{ key: string }>) =>
    list.flatMap(({ key }) => (other.some((each) => each.key === key) ? [key] : [])).join(" ");
  return common(before, after) === common(after, before);
}

function transitionChanges(before: Draft, after: Draft): Change[] {
  if (before.restricted && !after.restricted) return [changed("Allow every move")];
  const nameOf = (key: string) =>
    columnName(
      (after.columns.find((each) => each.key === key) ?? before.columns.find((each) => each.key === key)) || {
        name: key,
      },
    );
  const listed = (kind: ChangeKind, verb: string, moves: readonly string[]): Change[] => {
    if (moves.length > MAX_MOVES) return [{ kind, text: `${verb} ${moves.length} moves` }];
    return moves.map((move) => ({ kind, text: `${verb} ${move.split(" ").map(nameOf).join(" → ")}` }));
  };
  if (!before.restricted && after.restricted) {
    return [changed("Allow only some moves"), ...listed("added", "Allow", after.transitions)];
  }
  const kept = new Set(after.columns.map(({ key }) => key));
  const gone = before.transitions.filter((move) => !after.transitions.includes(move));
  return [
    ...listed(
      "added",
      "Allow",
      after.transitions.filter((move) => !before.transitions.includes(move)),
    ),
    // Moves of removed columns end with them.
    ...listed(
      "removed",
      "No longer allow",
      gone.filter((move) => move.split(" ").every((key) => kept.has(key))),
    ),
  ];
}

function ruleChanges(before: Draft, after: Draft): Change[] {
  const changes = TOGGLES.flatMap(([field, label]) => {
    const [old, now] = [before.settings[field], after.settings[field]];
    return old === now ? [] : [changed(`${label}: ${old ? "on" : "off"} → ${now ? "on" : "off"}`)];
  });
  const policy = ({ settings }: Draft) => POLICIES.find(([id]) => id === settings.wip_policy)?.[1].toLowerCase();
  if (before.settings.wip_policy !== after.settings.wip_policy) {
    changes.push(changed(`Over the WIP limit: ${policy(before)} → ${policy(after)}`));
  }
  return changes;
}
