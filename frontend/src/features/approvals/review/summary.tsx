import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** The heading of a `details` with the class `group`. */
export function Summary({ children }: { children: ReactNode }) {
  return (
    <summary className="flex min-h-6 cursor-pointer list-none items-center gap-1.5 rounded font-medium [&::-webkit-details-marker]:hidden">
      <ChevronRight
        className="size-3.5 shrink-0 text-muted-foreground motion-safe:transition-transform group-open:rotate-90"
        aria-hidden="true"
      />
      {children}
    </summary>
  );
}
