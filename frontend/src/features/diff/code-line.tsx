import { memo, type ReactNode } from "react";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import type { Highlighter } from "./highlight/highlighter";
import { TOKEN_CLASSES } from "./highlight/tokens";
import type { DiffLine } from "./model/parse";
import type { Cell, Row } from "./model/rows";
import { toSegments } from "./model/segments";
import { compareWords, type Range } from "./model/words";
import { MAX_SHOWN } from "./shown";

const SIGN = { added: "+", removed: "−", same: "" } as const;
const PLAIN = /^[\t\x20-\x7e]*$/;
const NO_RANGES: readonly Range[] = [];

/** What changed within lines that were compared already. */
const changedWords = new WeakMap<DiffLine, readonly Range[]>();

function changesIn({ line, partner }: Cell): readonly Range[] {
  if (!partner) return NO_RANGES;
  const known = changedWords.get(line);
  if (known) return known;
  const [old, fresh] = line.kind === "removed" ? [line, partner] : [partner, line];
  const { before, after } = compareWords(old.text, fresh.text);
  changedWords.set(old, before);
  changedWords.set(fresh, after);
  return changedWords.get(line) ?? NO_RANGES;
}

interface CodeProps {
  cell: Cell;
  highlighter: Highlighter | null;
}

function Code({ cell, highlighter }: CodeProps): ReactNode {
  const { line } = cell;
  const left = line.text.length - MAX_SHOWN;
  const text = left > 0 ? line.text.slice(0, MAX_SHOWN) : line.text;
  const plain = PLAIN.test(text);
  let at = 0;
  return (
    <span className="diff-code">
      {toSegments(text, highlighter?.tokens(line) ?? null, changesIn(cell)).map((segment) => {
        const key = at;
        at += segment.text.length;
        const content = plain ? segment.text : <VisibleText key={key} text={segment.text} />;
        if (segment.token === 0 && !segment.changed) return content;
        const token = segment.token > 0 ? `code-${TOKEN_CLASSES[segment.token]}` : "";
        return (
          <span key={key} className={segment.changed ? `diff-word ${token}` : token}>
            {content}
          </span>
        );
      })}
      {left > 0 && <span className="diff-hint"> … {plural(left, "more character")}</span>}
      {line.carriageReturn && line.kind !== "same" && <span className="diff-hint"> CR</span>}
      {line.endsFile && <span className="diff-hint"> No line break at the end</span>}
    </span>
  );
}

interface Props {
  row: Row & { kind: "line" | "pair" };
  /** Narrow pages have room for one number. */
  narrow: boolean;
  current: boolean;
  highlighter: Highlighter | null;
  /** Whether the file has been highlighted. It changes the row, as the highlighter stays the same. */
  highlighted: boolean;
}

/** A row of lines. The highlighter is read while drawing; `highlighted` tells when that is worth doing again. */
export const CodeRow = memo(function CodeRow({ row, narrow, current, highlighter }: Props) {
  if (row.kind === "line") {
    const { line } = row.cell;
    return (
      <div className={`diff-line diff-${line.kind}${current ? " diff-current" : ""}`}>
        {narrow ? (
          <Numbered value={line.after ?? line.before} />
        ) : (
          <>
            <Numbered value={line.before} />
            <Numbered value={line.after} />
          </>
        )}
        <span className="diff-sign">{SIGN[line.kind]}</span>
        <Code cell={row.cell} highlighter={highlighter} />
      </div>
    );
  }
  return (
    <div className={`diff-pair${current ? " diff-current" : ""}`}>
      <Half cell={row.left} number={row.left?.line.before} highlighter={highlighter} />
      <Half cell={row.right} number={row.right?.line.after} highlighter={highlighter} />
    </div>
  );
});

interface HalfProps {
  cell: Cell | null;
  number: number | null | undefined;
  highlighter: Highlighter | null;
}

function Half({ cell, number, highlighter }: HalfProps) {
  if (!cell) return <div className="diff-line diff-none" />;
  return (
    <div className={`diff-line diff-${cell.line.kind}`}>
      <Numbered value={number ?? null} />
      <span className="diff-sign">{SIGN[cell.line.kind]}</span>
      <Code cell={cell} highlighter={highlighter} />
    </div>
  );
}

function Numbered({ value }: { value: number | null }) {
  return <span className="diff-number">{value}</span>;
}
