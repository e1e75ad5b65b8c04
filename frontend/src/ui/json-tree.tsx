import { ChevronRight } from "lucide-react";
import { cn } from "./cn";

interface Props {
  value: unknown;
  /** The number of levels expanded at first. Defaults to 2. */
  open?: number;
}

/** A collapsible tree of any JSON value, built on `details` for keyboard support. */
export function JsonTree({ value, open = 2 }: Props) {
  return (
    <div className="font-mono text-xs leading-relaxed">
      <Node value={value} open={open} />
    </div>
  );
}

function Node({ name, value, open }: { name?: string; value: unknown; open: number }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <div className="pl-4 [overflow-wrap:anywhere]">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  return (
    <details open={open > 0} className="group/node">
      <summary className="flex min-h-6 cursor-pointer list-none items-center rounded hover:bg-muted [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden="true"
          className="size-3.5 shrink-0 text-muted-foreground transition-transform [[open]>summary>&]:rotate-90"
        />
        <Name name={name} />
        <span className="text-muted-foreground">{list ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      <div className="ml-1.5 border-l pl-2">
        {entries.map(([key, inner]) => (
          <Node key={key} name={key} value={inner} open={open - 1} />
        ))}
      </div>
    </details>
  );
}

function Name({ name }: { name: string | undefined }) {
  return name === undefined ? null : <span className="mr-1.5 text-accent-foreground">{name}:</span>;
}

function Leaf({ value }: { value: unknown }) {
  const text = typeof value === "string";
  return (
    <span className={cn("whitespace-pre-wrap", text ? "text-foreground" : "text-warning")}>
      {text ? value || "“”" : JSON.stringify(value)}
    </span>
  );
}
