import { useEffect } from "react";

/** Sets the document title; null leaves it to another component. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return;
    document.title = `${title} · Callboard`;
    return () => {
      document.title = "Callboard";
    };
  }, [title]);
}
