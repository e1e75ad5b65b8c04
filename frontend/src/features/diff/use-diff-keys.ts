import type { KeyboardEvent } from "react";

/** The key of an event by its place on the keyboard where the layout has other letters. */
export function keyOfEvent({ key, code }: Pick<globalThis.KeyboardEvent, "key" | "code">): string {
  if (/^[\x20-\x7e]$/.test(key)) return key.toLowerCase();
  if (key.length > 1) return key;
  if (code.startsWith("Key")) return code.slice(3).toLowerCase();
  return code === "Slash" ? "/" : key;
}

/** Single keys inside the dialog, while nothing is typed. */
export function useDiffKeys(keys: Record<string, () => unknown>) {
  return (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target?.matches("input:not([type=checkbox]), textarea, select, [role=menuitem]")) return;
    const run = keys[keyOfEvent(event.nativeEvent)];
    if (!run) return;
    event.preventDefault();
    run();
  };
}
