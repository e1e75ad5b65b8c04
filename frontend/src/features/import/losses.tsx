import { type ReactNode, useState } from "react";
import type { BadLine, NotTaken } from "@/api/types";
import { Button } from "@/ui/button";
import { VisibleText } from "@/ui/invisible";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { lineText } from "./messages";

interface Props {
  not_taken: readonly NotTaken[];
  bad_lines: readonly BadLine[];
  warnings: readonly BadLine[];
}

/** What an import leaves out: lines, values, and what Callboard has no place for. */
export function Losses({ not_taken, bad_lines, warnings }: Props) {
  // The lines themselves are listed beside.
  const kinds = not_taken.filter(({ kind }) => kind !== "invalid lines" && kind !== "invalid values");
  const counted = (kind: string, listed: number) => not_taken.find((loss) => loss.kind === kind)?.count ?? listed;
  return (
    <>
      <Lines
        title={`${plural(counted("invalid lines", bad_lines.length), "line")} cannot be imported`}
        intro="The rest of the file is imported."
        lines={bad_lines}
      />
      <Lines
        title={`${plural(counted("invalid values", warnings.length), "invalid value")}`}
        intro="The values are left out; their tickets are imported."
        lines={warnings}
      />
      {kinds.length > 0 && (
        <Block title="Not taken as they are">
          <ul aria-label="Not taken as they are" className="divide-y">
            {kinds.map((loss) => (
              <li key={loss.kind} className="flex items-baseline gap-3 px-3 py-2">
                <span className="tabular w-14 shrink-0 text-right text-muted-foreground">
                  {loss.count.toLocaleString(LOCALE)}
                </span>
                <div className="min-w-0">
                  <p className="break-words">
                    <span dir="auto" className="font-medium">
                      <VisibleText text={loss.kind} />
                    </span>
                    : {loss.reason}
                  </p>
                  {loss.examples.length > 0 && (
                    <p dir="auto" className="truncate text-muted-foreground text-xs">
                      For example <VisibleText text={loss.examples.join(" · ")} />
                    </p>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </Block>
      )}
    </>
  );
}

const FIRST = 10;

function Lines({ title, intro, lines }: { title: string; intro: string; lines: readonly BadLine[] }) {
  const [all, setAll] = useState(false);
  if (lines.length === 0) return null;
  return (
    <Block title={title} intro={intro}>
      <ul aria-label={title} className="divide-y">
        {lines.slice(0, all ? undefined : FIRST).map((line) => (
          <li
            dir="auto"
            key={`${line.file ?? ""}:${line.line}:${line.reason}`}
            className="break-words px-3 py-1.5 text-xs"
          >
            <VisibleText text={lineText(line)} />
          </li>
        ))}
      </ul>
      {!all && lines.length > FIRST && (
        <Button variant="ghost" size="sm" className="m-1" onClick={() => setAll(true)}>
          Show {(lines.length - FIRST).toLocaleString(LOCALE)} more
        </Button>
      )}
    </Block>
  );
}

function Block({ title, intro, children }: { title: string; intro?: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <div>
        <h3 className="font-medium text-xs">{title}</h3>
        {intro && <p className="text-muted-foreground text-xs">{intro}</p>}
      </div>
      <div className="overflow-hidden rounded-xl border bg-surface shadow-card">{children}</div>
    </div>
  );
}
