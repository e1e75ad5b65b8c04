import { useEffect, useRef } from "react";
import { shortcutOf } from "./shortcut-keys";

type Run = (event: KeyboardEvent) => void;

export interface Shortcut {
  /** What it does, for the list of shortcuts. Without it, the list leaves it out. */
  label: string;
  /** Heading in the list of shortcuts. */
  group?: string;
  /** Without it, the shortcut is only listed: another control handles the key. */
  run?: Run;
  /** Whether it applies now. Defaults to true. */
  when?: boolean;
  /** Whether it works while somebody types and while a dialog is open, as for keys with Ctrl. */
  everywhere?: boolean;
  /** Keys of the list, if one entry stands for several shortcuts. */
  keys?: readonly string[];
}

export type Shortcuts = Record<string, Run | Shortcut>;

export interface ListedShortcut {
  keys: readonly string[];
  label: string;
  group: string;
}

const DEFAULT_GROUP = "This page";
/** Of the mounted components, in the order in which they were mounted. */
const registered = new Set<{ current: Shortcuts }>();

/**
 * Shortcuts of a page, by the name of a key (`n`, `Escape`) or with Ctrl or Command (`Mod+k`), on any keyboard layout. They
 * are off while somebody types, while an input method composes a word, and while a dialog or menu is open.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    registered.add(latest);
    const onKey = (event: KeyboardEvent) => {
      if (isComposing(event)) return;
      const name = shortcutOf(event, (each) => runOf(latest.current[each]) !== undefined);
      if (name === null) return;
      const shortcut = latest.current[name];
      const everywhere = typeof shortcut === "object" && shortcut.everywhere === true;
      if (!everywhere && (event.defaultPrevented || isTyping(event) || isDialogOpen())) return;
      runOf(shortcut)?.(event);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      registered.delete(latest);
      window.removeEventListener("keydown", onKey);
    };
  }, []);
}

/** The shortcuts that apply now and have a label, by group: those of the page first, each once. */
export function listShortcuts(): Map<string, ListedShortcut[]> {
  const groups = new Map<string, ListedShortcut[]>();
  const seen = new Set<string>();
  // Children register before their parents, and the frame of the page last.
  for (const { current } of registered) {
    for (const [name, shortcut] of Object.entries(current)) {
      if (typeof shortcut === "function" || shortcut.when === false) continue;
      const { label, group = DEFAULT_GROUP, keys = [name] } = shortcut;
      const id = `${group}\n${label}`;
      if (seen.has(id)) continue;
      seen.add(id);
      groups.set(group, [...(groups.get(group) ?? []), { keys, label, group }]);
    }
  }
  return groups;
}

/** Whether an input method is composing a word, to which the key belongs. Safari reports only the key code. */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}

function runOf(shortcut: Run | Shortcut | undefined): Run | undefined {
  if (typeof shortcut !== "object") return shortcut;
  return shortcut.when === false ? undefined : shortcut.run;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (!target) return false;
  // In a slider, nothing is typed.
  if (target.matches("input[type=range]")) return false;
  if (event.key === "Escape") return target.matches("input, textarea") || target.isContentEditable;
  return (
    target.matches("input, textarea, select, [role=menuitem], [role=menuitemcheckbox]") || target.isContentEditable
  );
}

function isDialogOpen(): boolean {
  return document.querySelector("[role=dialog][data-state=open]:not([data-drawer]), [role=menu]") !== null;
}
