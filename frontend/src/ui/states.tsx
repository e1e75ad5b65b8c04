import { CloudOff, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { retryNow, useOutage } from "./outage";

/** While the page is cut off from the server, it says so instead of turning for ever. */
export function Spinner({ label, className }: { label: string; className?: string }) {
  const outage = useOutage();
  if (outage) return <Waiting className={className} />;
  return (
    <div role="status" className={cn("flex items-center justify-center gap-2 p-8 text-muted-foreground", className)}>
      <LoaderCircle className="size-4 animate-spin" aria-hidden="true" />
      {label}
    </div>
  );
}

function Waiting({ className }: { className: string | undefined }) {
  return (
    <div
      role="status"
      className={cn("flex flex-col items-center justify-center gap-2 p-8 text-center text-muted-foreground", className)}
    >
      <CloudOff className="size-5" aria-hidden="true" />
      <p>Offline. This loads once the connection is back.</p>
      <Button size="sm" onClick={retryNow}>
        Retry
      </Button>
    </div>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}

/** An empty state: what will be shown here, and how to create it. */
export function Empty({ icon, title, children, action, className }: EmptyProps) {
  return (
    <div className={cn("mx-auto flex max-w-sm flex-col items-center gap-2 px-6 py-14 text-center", className)}>
      {icon && <div className="mb-1 rounded-xl border bg-surface p-3 text-muted-foreground shadow-card">{icon}</div>}
      <h2 className="font-semibold text-sm">{title}</h2>
      {children && <div className="text-balance text-muted-foreground">{children}</div>}
      {action && <div className="mt-3 flex gap-2">{action}</div>}
    </div>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="rounded border border-border-strong bg-sunken px-1 font-mono text-[10px] text-muted-foreground">
      {children}
    </kbd>
  );
}

export function Notice({ tone = "info", children }: { tone?: "info" | "warning" | "danger"; children: ReactNode }) {
  return (
    <div
      role={tone === "danger" ? "alert" : undefined}
      className={cn(
        "rounded-lg border px-3 py-2 text-xs",
        tone === "info" && "border-border bg-sunken text-muted-foreground",
        tone === "warning" && "border-warning/30 bg-warning-soft text-warning",
        tone === "danger" && "border-danger/30 bg-danger-soft text-danger",
      )}
    >
      {children}
    </div>
  );
}
