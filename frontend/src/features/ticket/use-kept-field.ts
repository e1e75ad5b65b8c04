import { useRef } from "react";
import { useDraft } from "@/ui/use-draft";

interface Options<Value> {
  /** Where the draft is kept. */
  place: string;
  /** The text of what is saved. */
  saved: string;
  /** What a text means; undefined for a text that means nothing. */
  parse: (text: string) => Value | undefined;
  /** Resolves to whether it was saved. */
  onSave: (value: Value) => Promise<boolean>;
}

/** A small field that is saved when it is left. What was typed is kept until it has been saved, also if it is refused. */
export function useKeptField<Value>({ place, saved, parse, onSave }: Options<Value>) {
  const draft = useDraft(place, saved);
  const saving = useRef(false);
  const meaning = parse(draft.value);
  const save = async () => {
    if (!draft.edited || meaning === undefined || saving.current) return;
    saving.current = true;
    try {
      if (await onSave(meaning)) draft.clear();
    } finally {
      saving.current = false;
    }
  };
  return {
    value: draft.value,
    set: draft.set,
    clear: draft.clear,
    save: () => void save(),
    unsaved: draft.edited,
    wrong: draft.edited && meaning === undefined,
  };
}

/** What says to everybody that a field holds something that is not saved, or cannot be. */
export function unsavedProps({ unsaved, wrong }: { unsaved: boolean; wrong: boolean }, rule: string) {
  return {
    "aria-invalid": wrong || undefined,
    title: wrong ? `Not saved: ${rule}` : unsaved ? "Not saved yet: press Enter in the field" : undefined,
  };
}

export const unsavedClass = ({ unsaved, wrong }: { unsaved: boolean; wrong: boolean }) =>
  wrong ? "border-danger" : unsaved && "border-warning";
