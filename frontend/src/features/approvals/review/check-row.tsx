import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn";

/** An entry of the list of checks. */
export function CheckRow({ icon: Icon, tone, children }: { icon: LucideIcon; tone: string; children: ReactNode }) {
  return (
    <li className="flex items-start gap-2">
      <Icon className={cn("mt-px size-4 shrink-0", tone)} aria-hidden="true" />
      <div className="min-w-0 flex-1">{children}</div>
    </li>
  );
}
