import { useEffect } from "react";

/** Frames in which a part that has been drawn puts the focus into its field. */
const MAX_FRAMES = 30;
/** What somebody types within a slow second or two. */
const MAX_LENGTH = 200;

/**
 * Stands for a part with a field while it loads: what is typed meanwhile goes into the field once that has the focus, and
 * not to the page below, whose single keys are commands.
 */
export function TypedAhead() {
  useEffect(() => {
    let text = "";
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === "Backspace") text = text.slice(0, -1);
      else if (event.key.length === 1 && text.length < MAX_LENGTH) text += event.key;
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("keydown", onKeyDown, { capture: true });
    return () => {
      window.removeEventListener("keydown", onKeyDown, { capture: true });
      if (text) insertOnceFocused(text, document.activeElement);
    };
  }, []);
  return null;
}

function insertOnceFocused(text: string, before: Element | null, frames = 0): void {
  const field = document.activeElement;
  if (field !== before && (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) {
    // Fields that React controls take text only as an input of the user, and only this makes one.
    document.execCommand("insertText", false, text);
  } else if (frames < MAX_FRAMES) requestAnimationFrame(() => insertOnceFocused(text, before, frames + 1));
}
