import { Check, ChevronRight, Folder } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { cn } from "@/ui/cn";
import { Input } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { isComposing } from "@/ui/use-shortcuts";
import type { DiffFile } from "./model/files";
import { type TreeEntry, toTree } from "./model/tree";

interface Props {
  files: readonly DiffFile[];
  /** The file in sight. */
  current: number;
  viewed: ReadonlySet<string>;
  filter: RefObject<HTMLInputElement | null>;
  onFile: (file: number) => void;
  /** Escape in the filter. */
  onLeave: () => void;
}

const STATUS: Record<DiffFile["status"], { letter: string; name: string; tone: string }> = {
  added: { letter: "A", name: "added", tone: "text-success" },
  modified: { letter: "M", name: "modified", tone: "text-warning" },
  deleted: { letter: "D", name: "deleted", tone: "text-danger" },
  renamed: { letter: "R", name: "renamed", tone: "text-accent-foreground" },
  copied: { letter: "C", name: "copied", tone: "text-accent-foreground" },
};

/** The files of the commit by folder, with a filter to jump to one. */
export function FileTree({ files, current, viewed, filter, onFile, onLeave }: Props) {
  const [query, setQuery] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const tree = useMemo(() => toTree(files.map(({ path }) => path)), [files]);
  const matches = useMemo(() => findFiles(files, query), [files, query]);
  const shown: TreeEntry[] = matches
    ? matches.map(({ path, index }) => ({ kind: "file", path, name: path, depth: 0, index }))
    : tree.filter(({ path }) => !isInside(path, closed));

  const marked = matches ? matches[chosen]?.index : current;
  useEffect(() => {
    if (marked === undefined) return;
    list.current?.querySelector(`[data-entry="${marked}"]`)?.scrollIntoView({ block: "nearest" });
  }, [marked]);

  const leave = () => {
    setQuery("");
    setChosen(0);
    onLeave();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      leave();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const file = matches ? matches[chosen] : files[current];
      if (!file) return;
      leave();
      onFile(file.index);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const last = (matches?.length ?? 0) - 1;
      setChosen((old) => Math.max(0, Math.min(last, old + (event.key === "ArrowDown" ? 1 : -1))));
    }
  };
  const toggle = (path: string) =>
    setClosed((old) => {
      const next = new Set(old);
      if (!next.delete(path)) next.add(path);
      return next;
    });

  return (
    <nav aria-label="Files of the commit" className="flex min-h-0 flex-1 flex-col">
      <div className="shrink-0 p-2">
        <Input
          ref={filter}
          type="search"
          aria-label="Jump to a file"
          placeholder="Jump to a file"
          className="h-7 text-xs"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul ref={list} className="scroll-thin min-h-0 flex-1 overflow-y-auto px-1.5 pb-3 text-xs">
        {shown.map((entry) => {
          const style = { paddingLeft: `${Math.min(entry.depth, 12) * 0.75 + 0.25}rem` };
          return (
            <li key={entry.path} className="[contain-intrinsic-size:auto_1.75rem] [content-visibility:auto]">
              {entry.kind === "folder" ? (
                <button
                  type="button"
                  aria-expanded={!closed.has(entry.path)}
                  onClick={() => toggle(entry.path)}
                  style={style}
                  className="flex h-7 w-full items-center gap-1 rounded-md pr-1.5 text-left text-muted-foreground outline-offset-[-2px] hover:bg-muted"
                >
                  <ChevronRight
                    className={cn("size-3.5 shrink-0 transition-transform", !closed.has(entry.path) && "rotate-90")}
                    aria-hidden="true"
                  />
                  <Folder className="size-3.5 shrink-0" aria-hidden="true" />
                  <span className="truncate" title={entry.path}>
                    <VisibleText text={entry.name} />
                  </span>
                </button>
              ) : (
                <FileEntry
                  file={files[entry.index] as DiffFile}
                  name={entry.name}
                  style={style}
                  marked={marked === entry.index}
                  viewed={viewed.has(entry.path)}
                  onChoose={() => {
                    if (matches) leave();
                    onFile(entry.index);
                  }}
                />
              )}
            </li>
          );
        })}
        {matches?.length === 0 && <li className="px-2 py-1 text-muted-foreground">No file has this in its path.</li>}
      </ul>
    </nav>
  );
}

interface EntryProps {
  file: DiffFile;
  name: string;
  style: { paddingLeft: string };
  marked: boolean;
  viewed: boolean;
  onChoose: () => void;
}

function FileEntry({ file, name, style, marked, viewed, onChoose }: EntryProps) {
  const status = STATUS[file.status];
  return (
    <button
      type="button"
      data-entry={file.index}
      aria-current={marked || undefined}
      onClick={onChoose}
      style={style}
      title={file.path}
      className={cn(
        "flex h-7 w-full items-center gap-1.5 rounded-md pr-1.5 text-left outline-offset-[-2px] hover:bg-muted",
        marked && "bg-accent hover:bg-accent",
      )}
    >
      <span aria-hidden="true" className={cn("w-3.5 shrink-0 text-center font-mono font-semibold", status.tone)}>
        {status.letter}
      </span>
      <span
        className={cn(
          "min-w-0 flex-1 truncate",
          viewed && "text-muted-foreground",
          file.status === "deleted" && "line-through",
        )}
      >
        <VisibleText text={name} />
      </span>
      <span className="sr-only">
        , {status.name}
        {viewed && ", viewed"}
      </span>
      {viewed && <Check className="size-3.5 shrink-0 text-success" aria-hidden="true" />}
    </button>
  );
}

/** The files with all these words in their paths, those with them in their names first; null without words. */
export function findFiles(files: readonly DiffFile[], query: string): DiffFile[] | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const found = files.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
  const inName = ({ path }: DiffFile) => {
    const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
    return words.every((word) => name.includes(word));
  };
  return [...found.filter(inName), ...found.filter((file) => !inName(file))];
}

function isInside(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    if (folders.has(path.slice(0, at))) return true;
  }
  return false;
}
