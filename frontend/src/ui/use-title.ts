import { useEffect } from "react";

let base = "Callboard";
let count = 0;

function write(): void {
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${base}` : base;
}

/** Sets the document title; null leaves it to another component. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return;
    base = `${title} · Callboard`;
    write();
    return () => {
      base = "Callboard";
      write();
    };
  }, [title]);
}

/** Puts a number before every title; 0 for none. */
export function setTitleCount(next: number): void {
  count = next;
  write();
}
