import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { copyText } from "@/ui/clipboard";
import { cn } from "@/ui/cn";
import { downloadFile } from "@/ui/download";
import { plural } from "@/ui/plural";
import { Empty } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useMedia } from "@/ui/use-media";
import { CommitMessage, hasMessage } from "./commit-message";
import { type DiffHandle, DiffView } from "./diff-view";
import { FileTree } from "./file-tree";
import { KeyList } from "./key-list";
import type { CommitDiff, DiffFile } from "./model/files";
import { toPatch } from "./model/patch";
import { highestNumber } from "./model/rows";
import { TopBar, WayBar } from "./toolbar";
import { useDiff } from "./use-diff";
import { keyOfEvent, useDiffKeys } from "./use-diff-keys";
import { useExpandedFiles } from "./use-expanded-files";

interface Props {
  diff: CommitDiff;
  files: readonly DiffFile[];
  heading: ReactNode;
  onClose: () => void;
}

/** The toolbars, the tree of files, and the lines. */
export function Changes({ diff, files: sent, heading, onClose }: Props) {
  const narrow = useMedia("(max-width: 767px)");
  const view = useRef<DiffHandle>(null);
  const { files, expand, active } = useExpandedFiles(diff, sent);
  const filter = useRef<HTMLInputElement>(null);
  // On a narrow page the tree covers the lines while it is open.
  const [treeOpen, setTreeOpen] = useState(!narrow && files.length > 1);
  const state = useDiff({ sha: diff.commit_sha, files, hasMessage: hasMessage(diff), narrow, view });
  const digits = useMemo(() => String(highestNumber(files)).length, [files]);
  useEffect(() => view.current?.focus(), []);

  const openFilter = () => {
    setTreeOpen(true);
    if (filter.current) filter.current.focus();
    // The tree has to be drawn first.
    else requestAnimationFrame(() => filter.current?.focus());
  };
  const toFile = (file: number) => {
    if (narrow) setTreeOpen(false);
    state.jumpToFile(file);
    view.current?.focus();
  };
  const copySha = () => void copyText(diff.commit_sha, "SHA copied");
  const download = () => {
    const { text, leftOut } = toPatch(diff);
    downloadFile(new Blob([text], { type: "text/x-patch" }), `${diff.commit_sha.slice(0, 12)}.patch`);
    if (leftOut > 0) toast.warning("Patch downloaded", { description: `Without ${plural(leftOut, "binary file")}.` });
    else toast.success("Patch downloaded");
  };
  const onKeyDown = useDiffKeys({
    j: () => state.stepChange(1),
    k: () => state.stepChange(-1),
    n: () => state.stepFile(1),
    p: () => state.stepFile(-1),
    u: () => !narrow && state.setMode(state.mode === "split" ? "unified" : "split"),
    v: state.viewCurrent,
    c: state.toggleAll,
    m: () => {
      const step = state.gapInSight();
      if (step) void expand(step);
    },
    t: () => setTreeOpen((open) => !open),
    "/": openFilter,
  });
  const onKey = (event: KeyboardEvent) => {
    // Escape closes the tree that covers a narrow page before the dialog.
    if (narrow && treeOpen && keyOfEvent(event.nativeEvent) === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      setTreeOpen(false);
      view.current?.focus();
    } else onKeyDown(event);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: takes the keys of everything inside; the buttons offer the same
    <div onKeyDown={onKey} className="flex min-h-0 flex-1 flex-col">
      <TopBar
        heading={heading}
        mode={state.mode}
        narrow={narrow}
        allCollapsed={state.allCollapsed}
        patchable={!diff.truncated}
        onMode={state.setMode}
        onCollapseAll={state.toggleAll}
        onCopySha={copySha}
        onDownload={download}
        onClose={onClose}
      />
      <WayBar
        diff={diff}
        files={files.length}
        viewed={files.filter(({ path }) => state.viewed.has(path)).length}
        place={state.changePlace}
        changes={state.rows.changes.length}
        treeOpen={treeOpen}
        onTree={() => (treeOpen ? setTreeOpen(false) : narrow ? openFilter() : setTreeOpen(true))}
        onStep={state.stepChange}
      />
      <div className="relative flex min-h-0 flex-1">
        {treeOpen && files.length > 0 && (
          <div
            data-covers={narrow || undefined}
            className={cn(
              "flex min-h-0 flex-col bg-surface",
              narrow ? "absolute inset-0 z-20" : "w-64 shrink-0 border-r lg:w-72",
            )}
          >
            <FileTree
              files={files}
              current={state.current}
              viewed={state.viewed}
              filter={filter}
              onFile={toFile}
              onLeave={() => {
                if (narrow) setTreeOpen(false);
                view.current?.focus();
              }}
            />
          </div>
        )}
        {files.length === 0 ? (
          <div className="min-w-0 flex-1">
            <Empty title="No files changed">This commit changes no file.</Empty>
            <div className="mx-auto max-w-2xl">{hasMessage(diff) && <CommitMessage diff={diff} />}</div>
          </div>
        ) : (
          <DiffView
            ref={view}
            {...state.shown}
            onExpand={expand}
            expanding={active}
            narrow={narrow}
            digits={digits}
            message={<CommitMessage diff={diff} />}
          />
        )}
      </div>
      <KeyList />
    </div>
  );
}
