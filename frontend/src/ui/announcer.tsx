/** The live region of the page: announces visual changes to screen readers. */
import { useEffect, useState } from "react";

type Listener = (text: string) => void;
let listener: Listener | null = null;

export function announce(text: string): void {
  listener?.(text);
}

export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    let clear: ReturnType<typeof setTimeout> | undefined;
    listener = (next) => {
      // Screen readers repeat a text only if the content changed.
      setText((old) => (old === next ? `${next}\u00a0` : next));
      clearTimeout(clear);
      clear = setTimeout(() => setText(""), 6_000);
    };
    return () => {
      listener = null;
      clearTimeout(clear);
    };
  }, []);
  return (
    <div aria-live="polite" aria-atomic="true" role="status" className="sr-only" data-testid="announcer">
      {text}
    </div>
  );
}
