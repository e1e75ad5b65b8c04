import {
  ArrowDown,
  ArrowUp,
  ChevronsDownUp,
  ChevronsUpDown,
  Columns2,
  Copy,
  Download,
  Files,
  MoreHorizontal,
  Rows3,
  X,
} from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { LOCALE } from "@/ui/locale";
import { Menu, MenuItem } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { Tooltip } from "@/ui/tooltip";
import { Counts } from "./counts";
import type { CommitDiff } from "./model/files";
import type { Mode } from "./model/rows";

interface TopProps {
  heading: ReactNode;
  mode: Mode;
  narrow: boolean;
  allCollapsed: boolean;
  /** Whether the whole commit is there, so that a patch of it can be made. */
  patchable: boolean;
  onMode: (mode: Mode) => void;
  onCollapseAll: () => void;
  onCopySha: () => void;
  onDownload: () => void;
  onClose: () => void;
}

const INCOMPLETE = "The commit is too large, so that its patch would be incomplete";

/** What the commit is, how it is shown, and what can be done with it. */
export function TopBar(props: TopProps) {
  const { heading, mode, narrow, allCollapsed, patchable } = props;
  const collapse = allCollapsed ? "Expand all" : "Collapse all";
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b pr-2 pl-4">
      {heading}
      {narrow ? (
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label="More actions">
              <MoreHorizontal />
            </Button>
          }
        >
          <MenuItem onSelect={props.onCollapseAll}>
            {allCollapsed ? <ChevronsUpDown /> : <ChevronsDownUp />} {collapse}
          </MenuItem>
          <MenuItem onSelect={props.onCopySha}>
            <Copy /> Copy SHA
          </MenuItem>
          <MenuItem disabled={!patchable} onSelect={props.onDownload}>
            <Download /> Download patch
          </MenuItem>
        </Menu>
      ) : (
        <>
          <fieldset className="flex shrink-0 rounded-md border border-border-strong bg-sunken p-0.5">
            <legend className="sr-only">Layout</legend>
            <ModeButton mode="unified" active={mode} onMode={props.onMode}>
              <Rows3 /> Unified
            </ModeButton>
            <ModeButton mode="split" active={mode} onMode={props.onMode}>
              <Columns2 /> Split
            </ModeButton>
          </fieldset>
          <Tooltip label={collapse}>
            <Button variant="ghost" size="icon" aria-label={collapse} onClick={props.onCollapseAll}>
              {allCollapsed ? <ChevronsUpDown /> : <ChevronsDownUp />}
            </Button>
          </Tooltip>
          <Tooltip label="Copy SHA">
            <Button variant="ghost" size="icon" aria-label="Copy SHA" onClick={props.onCopySha}>
              <Copy />
            </Button>
          </Tooltip>
          <Tooltip label={patchable ? "Download patch" : INCOMPLETE}>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Download patch"
              aria-disabled={!patchable || undefined}
              className={cn(!patchable && "cursor-not-allowed opacity-55")}
              onClick={patchable ? props.onDownload : undefined}
            >
              <Download />
            </Button>
          </Tooltip>
        </>
      )}
      <Button variant="ghost" size="icon" aria-label="Close" onClick={props.onClose}>
        <X />
      </Button>
    </header>
  );
}

function ModeButton(props: { mode: Mode; active: Mode; onMode: (mode: Mode) => void; children: ReactNode }) {
  const active = props.mode === props.active;
  return (
    <button
      type="button"
      aria-pressed={active}
      onClick={() => props.onMode(props.mode)}
      className={cn(
        "flex h-6.5 items-center gap-1.5 rounded px-2 font-medium text-xs [&_svg]:size-3.5",
        active ? "bg-surface text-foreground shadow-card" : "text-muted-foreground hover:text-foreground",
      )}
    >
      {props.children}
    </button>
  );
}

interface WayProps {
  diff: CommitDiff;
  files: number;
  viewed: number;
  place: number | null;
  changes: number;
  treeOpen: boolean;
  onTree: () => void;
  onStep: (by: 1 | -1) => void;
}

/** How much there is, how much of it was viewed, and the way to the next change. */
export function WayBar({ diff, files, viewed, place, changes, treeOpen, onTree, onStep }: WayProps) {
  return (
    <div className="flex h-10 shrink-0 items-center gap-3 border-b px-2 text-xs">
      <Button size="sm" variant="ghost" aria-expanded={treeOpen} disabled={files === 0} onClick={onTree}>
        <Files /> {plural(diff.total_files, "file")}
      </Button>
      <Counts insertions={diff.total_insertions} deletions={diff.total_deletions} />
      <span className="tabular truncate text-muted-foreground max-sm:hidden" data-testid="viewed">
        {viewed} of {files.toLocaleString(LOCALE)} viewed
      </span>
      <div className="ml-auto flex shrink-0 items-center gap-0.5">
        <span className="tabular pr-1.5 text-muted-foreground">
          {place === null
            ? plural(changes, "change")
            : `${place.toLocaleString(LOCALE)} of ${plural(changes, "change")}`}
        </span>
        <Button
          size="icon"
          variant="ghost"
          aria-label="Previous change"
          disabled={changes === 0}
          onClick={() => onStep(-1)}
        >
          <ArrowUp />
        </Button>
        <Button size="icon" variant="ghost" aria-label="Next change" disabled={changes === 0} onClick={() => onStep(1)}>
          <ArrowDown />
        </Button>
      </div>
    </div>
  );
}
