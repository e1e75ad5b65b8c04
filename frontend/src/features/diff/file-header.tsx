import { ChevronRight, Copy } from "lucide-react";
import { memo } from "react";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { cn } from "@/ui/cn";
import { VisibleText } from "@/ui/invisible";
import { Counts } from "./counts";
import { type DiffFile, labelsOf } from "./model/files";

interface Props {
  file: DiffFile;
  collapsed: boolean;
  viewed: boolean;
  onCollapse: (file: number) => void;
  onViewed: (file: number) => void;
}

/** The name of a file with what happened to it, above its lines. */
export const FileHeader = memo(function FileHeader({ file, collapsed, viewed, onCollapse, onViewed }: Props) {
  const labels = labelsOf(file);
  return (
    <div
      className={cn(
        "flex h-10 items-center gap-2 border bg-sunken pr-2 pl-1.5 font-sans",
        collapsed ? "rounded-lg" : "rounded-t-lg",
      )}
    >
      <h3 className="min-w-0 flex-1 text-xs">
        <button
          type="button"
          aria-expanded={!collapsed}
          data-file={file.index}
          onClick={() => onCollapse(file.index)}
          className="flex h-8 w-full min-w-0 items-center gap-1.5 rounded text-left"
        >
          <ChevronRight
            className={cn("size-4 shrink-0 text-muted-foreground transition-transform", !collapsed && "rotate-90")}
            aria-hidden="true"
          />
          <Path path={file.path} oldPath={file.oldPath} />
          {labels.map((label) => (
            <span
              key={label}
              className="shrink-0 rounded bg-muted px-1.5 font-medium text-2xs text-muted-foreground leading-5 max-sm:hidden"
            >
              {label}
            </span>
          ))}
        </button>
      </h3>
      <Button
        size="icon-sm"
        variant="ghost"
        aria-label={`Copy the path of ${file.path}`}
        className="max-sm:hidden"
        onClick={() => void copyText(file.path, "Path copied")}
      >
        <Copy />
      </Button>
      {file.binary ? (
        <span className="shrink-0 text-muted-foreground text-xs">Binary</span>
      ) : (
        <span className="shrink-0 text-xs">
          <Counts insertions={file.insertions} deletions={file.deletions} />
        </span>
      )}
      <label className="flex h-7 shrink-0 cursor-pointer items-center gap-1.5 rounded-md px-1.5 text-xs hover:bg-muted">
        <input
          type="checkbox"
          checked={viewed}
          aria-label={`Viewed ${file.path}`}
          onChange={() => onViewed(file.index)}
          className="size-3.5 accent-primary"
        />
        <span aria-hidden="true" className="max-sm:hidden">
          Viewed
        </span>
      </label>
    </div>
  );
});

/** Cuts the folders short rather than the name. */
function Path({ path, oldPath }: { path: string; oldPath: string | null }) {
  const cut = path.lastIndexOf("/") + 1;
  return (
    <span className="flex min-w-0 font-mono" title={oldPath ? `${oldPath} → ${path}` : path}>
      {oldPath && (
        <span className="min-w-0 truncate text-muted-foreground">
          <VisibleText text={oldPath} />
          {"\u00a0→\u00a0"}
        </span>
      )}
      <span className="min-w-4 truncate text-muted-foreground">
        <VisibleText text={path.slice(0, cut)} />
      </span>
      <span className="max-w-full shrink-0 truncate font-semibold">
        <VisibleText text={path.slice(cut)} />
      </span>
    </span>
  );
}
