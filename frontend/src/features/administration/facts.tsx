import type { ReactNode } from "react";
import { panelClass } from "@/ui/section";

/** A panel of names with their values. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={`${panelClass} divide-y`}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 px-4 py-2 sm:grid-cols-[12rem_1fr]">
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="tabular min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}
