/** One polite live region for the whole page. Screen readers hear what others see move. */
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
      // The same words twice are only read twice if something changed.
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
