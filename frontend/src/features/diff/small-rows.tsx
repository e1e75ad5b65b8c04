import { ChevronsDown, ChevronsUp, LoaderCircle, UnfoldVertical } from "lucide-react";
import type { ComponentType } from "react";
import { Button } from "@/ui/button";
import { VisibleText } from "@/ui/invisible";
import { plural } from "@/ui/plural";
import { Tooltip } from "@/ui/tooltip";
import { fitsAtOnce, MAX_AT_ONCE, type Part, STEP } from "./model/expand";
import type { Row } from "./model/rows";
import type { Step } from "./use-expanded-files";

interface GapProps {
  row: Row & { kind: "gap" };
  /** The step that is being loaded, here or elsewhere. */
  expanding: Step | null;
  onExpand: (step: Step) => void;
}

/** Between two hunks of a file: what is left out, buttons that show it, and what git found above the next hunk. */
export function GapRow({ row, expanding, onExpand }: GapProps) {
  const { file, gap, skipped, heading } = row;
  const loading = expanding?.file === file && expanding.gap === gap ? expanding.part : null;
  return (
    <div className="flex h-8 items-center gap-1 border-x bg-accent px-1 text-accent-foreground text-xs max-md:border-x-0">
      {steps(row).map(({ part, label, icon: Icon }) => (
        <Tooltip key={part} label={label}>
          <Button
            size="icon-sm"
            variant="ghost"
            className="shrink-0"
            aria-label={`${label}, ${file.path}`}
            aria-disabled={expanding !== null}
            onClick={() => onExpand({ file, gap, part })}
          >
            {loading === part ? <LoaderCircle className="animate-spin" /> : <Icon />}
          </Button>
        </Tooltip>
      ))}
      <span className="tabular ml-1 shrink-0 font-sans">{labelOf(skipped)}</span>
      {heading && (
        <span className="ml-1 min-w-0 truncate">
          <VisibleText text={heading} />
        </span>
      )}
    </div>
  );
}

function labelOf(skipped: number | null): string {
  if (skipped === null) return "Lines below";
  return skipped > 0 ? plural(skipped, "unchanged line") : "Another part of the file";
}

interface StepButton {
  part: Part;
  label: string;
  icon: ComponentType;
}

/** The steps that a gap offers: the lines next to the hunks around it, and all if they are not too many. */
function steps({ file, gap, skipped }: GapProps["row"]): StepButton[] {
  if (skipped === 0) return [];
  const below: StepButton = { part: "top", label: `Show ${STEP} more lines below`, icon: ChevronsDown };
  if (skipped === null) return [below];
  const all: StepButton = { part: "all", label: `Show ${plural(skipped, "unchanged line")}`, icon: UnfoldVertical };
  if (fitsAtOnce(skipped)) return [all];
  const above: StepButton = { part: "bottom", label: `Show ${STEP} more lines above`, icon: ChevronsUp };
  return [
    ...(gap > 0 ? [below] : []),
    ...(gap < file.hunks.length ? [above] : []),
    ...(skipped <= MAX_AT_ONCE ? [all] : []),
  ];
}

export function NoteRow({ text }: { text: string }) {
  return (
    <p className="min-h-8 border-x bg-surface px-3 py-1.5 font-sans text-muted-foreground text-xs max-md:border-x-0">
      {text}
    </p>
  );
}
