import { useEffect, useRef } from "react";

type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

/** Single-key shortcuts for the whole page, disabled while the user types and while a dialog or menu is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const run = latest.current[event.key];
      if (!run || isTyping(event) || isDialogOpen()) return;
      run(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (!target) return false;
  if (event.key === "Escape" && !target.matches("input[type=range]"))
    return target.matches("input, textarea, [contenteditable=true]");
  // A slider is an input in which nothing is typed.
  if (target.matches("input[type=range]")) return false;
  return target.matches("input, textarea, select, [contenteditable=true], [role=menuitem], [role=menuitemcheckbox]");
}

function isDialogOpen(): boolean {
  return document.querySelector("[role=dialog][data-state=open]:not([data-drawer]), [role=menu]") !== null;
}
