import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { NativeSelect } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Notice, Spinner } from "@/ui/states";
import type { ChangeEntry, ChangeGroup } from "./board-changes";
import { COMPARISONS, type Comparison } from "./comparison";
import { formatMoment } from "./moments";

interface Props {
  comparison: Comparison;
  onComparison: (comparison: Comparison) => void;
  /** The two moments that are compared; the second one is null for now. */
  from: string;
  to: string | null;
  groups: readonly ChangeGroup[] | undefined;
  hasMore: boolean;
  loading: boolean;
  error: string | null;
  onRetry: () => void;
  /** The entry whose card is highlighted. */
  current: string | null;
  /** Why the card of the current entry is not highlighted. */
  absent: string | null;
  onEntry: (entry: ChangeEntry) => void;
  onOpen: (ticketId: string) => void;
  onClose: () => void;
}

/** What changed between two moments, group by group. */
export function ChangesPanel(props: Props) {
  const { comparison, from, to, groups, hasMore, loading, error } = props;
  const count = groups?.reduce((sum, group) => sum + group.entries.length, 0) ?? 0;
  return (
    <>
      <PanelHeader onClose={props.onClose}>What changed</PanelHeader>
      <div className="shrink-0 px-4 pb-3">
        <p className="text-muted-foreground text-xs" data-testid="past-range">
          from <span className="text-foreground">{formatMoment(from)}</span> to{" "}
          <span className="text-foreground">{to === null ? "now" : formatMoment(to)}</span>
        </p>
        <NativeSelect
          aria-label="Compare with"
          className="mt-2"
          value={comparison}
          onChange={(event) => props.onComparison(event.target.value as Comparison)}
        >
          {COMPARISONS.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </NativeSelect>
      </div>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto px-2 pb-4" aria-busy={loading}>
        {error !== null && (
          <div className="grid gap-2 px-2">
            <Notice tone="danger">{error}</Notice>
            <Button className="justify-self-start" onClick={props.onRetry}>
              Try again
            </Button>
          </div>
        )}
        {error === null && !groups && <Spinner label="Comparing the boards…" />}
        {error === null && groups && (
          <div className={cn("transition-opacity", loading && "opacity-50")}>
            <p className="px-2 pb-1 text-muted-foreground text-xs" role="status">
              {count === 0
                ? "Nothing changed on the board."
                : `${plural(count, "ticket")}${hasMore ? " and more" : ""}`}
            </p>
            {groups.map((group) => (
              <Group key={group.kind} group={group} {...props} />
            ))}
            {hasMore && (
              <p className="px-2 pt-2 text-muted-foreground text-xs">
                Only the first 1,000 tickets are listed. Choose a shorter time to see the others.
              </p>
            )}
          </div>
        )}
      </div>
    </>
  );
}

export function PanelHeader({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  return (
    <header className="flex h-11 shrink-0 items-center justify-between pr-2 pl-4">
      <h2 className="font-semibold text-sm">{children}</h2>
      <Button variant="ghost" size="icon-sm" aria-label="Close changes" onClick={onClose}>
        <X />
      </Button>
    </header>
  );
}

function Group({ group, ...props }: Props & { group: ChangeGroup }) {
  const id = `past-${group.kind}`;
  return (
    <section aria-labelledby={id} className="mt-2">
      <h3 id={id} className="px-2 py-1 font-medium text-2xs text-muted-foreground">
        {group.name} <span className="tabular">{group.entries.length.toLocaleString(LOCALE)}</span>
      </h3>
      <ul>
        {group.entries.map((entry) => (
          // Long lists stay cheap, because what is out of sight is not laid out.
          <li key={entry.ticketId} className="[contain-intrinsic-size:auto_3rem] [content-visibility:auto]">
            <Entry entry={entry} {...props} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Entry({ entry, current, absent, onEntry, onOpen }: Props & { entry: ChangeEntry }) {
  const chosen = current === entry.ticketId;
  return (
    <>
      <button
        type="button"
        data-change={entry.ticketId}
        aria-current={chosen || undefined}
        onClick={() => onEntry(entry)}
        className={cn(
          "block w-full rounded-md px-2 py-1.5 text-left outline-offset-[-2px] hover:bg-muted",
          chosen && "bg-accent hover:bg-accent",
        )}
      >
        <span className="flex gap-1.5 leading-snug">
          <span className="tabular shrink-0 text-muted-foreground">{entry.key}</span>
          <span
            dir="auto"
            className={cn("min-w-0 [overflow-wrap:anywhere]", entry.kind === "removed" && "line-through")}
          >
            <VisibleText text={entry.title} />
          </span>
        </span>
        {entry.details.length > 0 && (
          <span className="mt-0.5 block text-muted-foreground text-xs">{entry.details.join(" · ")}</span>
        )}
      </button>
      {chosen && absent !== null && (
        <p className="px-2 pb-2 text-xs">
          <span className="text-muted-foreground">{absent}</span>{" "}
          <Button variant="link" size="sm" className="h-auto px-0" onClick={() => onOpen(entry.ticketId)}>
            Open as it is now
          </Button>
        </p>
      )}
    </>
  );
}
