import { useEffect } from "react";

/** Names the page in tabs and history; null leaves it to another part of the page. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return;
    document.title = `${title} · Callboard`;
    return () => {
      document.title = "Callboard";
    };
  }, [title]);
}
