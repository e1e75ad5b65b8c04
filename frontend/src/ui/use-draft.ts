import { useRef, useState, useSyncExternalStore } from "react";
import { discardDraft, onDrafts, readDraft, writeDraft } from "./drafts";

export interface DraftField<Value> {
  /** What was typed, or the start. */
  value: Value;
  set: (next: Value | ((old: Value) => Value)) => void;
  /** Forgets what was typed, after it was sent or to discard it. */
  clear: () => void;
  /** Whether the value differs from the start. */
  edited: boolean;
  /** When the draft that was found here was typed; null for what was typed since. */
  from: number | null;
  /** Whether the start was another one when the draft was begun. */
  baseChanged: boolean;
  /** The start when the draft was begun, as JSON; null without a draft. */
  base: string | null;
  /** Sets the value as one that was begun from another start. */
  rebase: (next: Value, base: Value) => void;
}

interface Edit<Value> {
  place: string | null;
  value: Value;
  from: number | null;
  base: string;
}

/**
 * The value of a form, kept as a draft at its place while it differs from the start. Without edits it follows the start.
 * `read` turns what is stored, which may be of an earlier version, into a value.
 */
export function useDraft<Value>(
  place: string | null,
  start: Value,
  read: (stored: unknown, start: Value) => Value | null = readLike,
): DraftField<Value> {
  const find = (): Edit<Value> | null => {
    const draft = place === null ? null : readDraft(place);
    const value = draft && read(draft.value, start);
    if (!draft || value === null || same(value, start)) return null;
    return { place, value, from: draft.at, base: draft.base ?? JSON.stringify(start) };
  };
  const [edit, setEdit] = useState(find);
  const [shownAt, setShownAt] = useState(place);
  let current = edit;
  if (shownAt !== place) {
    current = find();
    setShownAt(place);
    setEdit(current);
  }
  // Several changes may come before the next render.
  const latest = useRef(current);
  latest.current = current;

  const store = (next: Edit<Value> | null) => {
    latest.current = next;
    setEdit(next);
    if (place === null) return;
    if (next) writeDraft(place, next.value, next.base);
    else discardDraft(place);
  };
  return {
    value: current ? current.value : start,
    set: (change) => {
      const old = latest.current;
      const next = typeof change === "function" ? (change as (old: Value) => Value)(old ? old.value : start) : change;
      if (same(next, start)) store(null);
      else store({ place, value: next, from: old?.from ?? null, base: old?.base ?? JSON.stringify(start) });
    },
    rebase: (next, base) => {
      if (same(next, base)) store(null);
      else store({ place, value: next, from: null, base: JSON.stringify(base) });
    },
    clear: () => store(null),
    edited: current !== null,
    from: current?.from ?? null,
    baseChanged: current !== null && current.base !== JSON.stringify(start) && !same(current.value, start),
    base: current?.base ?? null,
  };
}

/** When the draft at a place was begun or found, for where its field is closed; null without one. */
export function useDraftTime(place: string): number | null {
  return useSyncExternalStore(onDrafts, () => readDraft(place)?.at ?? null);
}

/** The fields of an object, or a text, that have the types of the start. Others keep the start. */
export function readLike<Value>(stored: unknown, start: Value): Value | null {
  if (!isRecord(start)) return kindOf(stored) === kindOf(start) ? (stored as Value) : null;
  if (!isRecord(stored)) return null;
  const fields = Object.entries(start).map(([name, value]) => {
    const kept = stored[name];
    return [name, kindOf(kept) === kindOf(value) ? kept : value];
  });
  return Object.fromEntries(fields) as Value;
}

const isRecord = (value: unknown): value is Record<string, unknown> => kindOf(value) === "object";
const kindOf = (value: unknown) => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
