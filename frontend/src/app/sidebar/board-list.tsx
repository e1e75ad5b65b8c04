import { ChevronDown, Star } from "lucide-react";
import { useId, useState } from "react";
import type { Workflow } from "@/api/types";
import { cn } from "@/ui/cn";
import { Input } from "@/ui/field";
import { LOCALE } from "@/ui/locale";
import { stored, useStored } from "@/ui/stored";
import { boardUse, togglePin } from "./boards";
import { NavLink } from "./nav-link";

const FEW = 8;
/** More than anybody scrolls through; the filter finds the others. */
const MAX_SHOWN = 100;
const groupOpen = stored("callboard.sidebar.boards", (value) => value !== false);

interface Props {
  boards: readonly Workflow[];
  loading: boolean;
  /** The workflow whose board is open. */
  openId: string | undefined;
}

/** All boards: pinned ones and the last used first, and the rest on request. */
export function BoardList({ boards, loading, openId }: Props) {
  const open = useStored(groupOpen);
  const [all, setAll] = useState(false);
  const [text, setText] = useState("");
  const id = useId();
  const wanted = text.trim().toLowerCase();
  const matching = all && wanted ? boards.filter(({ name }) => name.toLowerCase().includes(wanted)) : boards;
  const shown = matching.filter((board, index) => index < (all ? MAX_SHOWN : FEW) || (!all && board.id === openId));
  return (
    <section aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] gap-0.5">
      <button
        type="button"
        id={id}
        aria-expanded={open}
        onClick={() => groupOpen.set(!open)}
        className="flex h-7 items-center gap-1 rounded-md px-2 font-medium text-2xs text-muted-foreground hover:text-foreground"
      >
        Boards
        <ChevronDown className={cn("size-3 transition-transform", !open && "-rotate-90")} aria-hidden="true" />
      </button>
      {open && all && (
        <Input
          type="search"
          aria-label="Find a board"
          placeholder="Find a board"
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="mx-0.5 mb-1 h-7 w-auto"
        />
      )}
      {open && loading && <Placeholder />}
      {open && !loading && boards.length === 0 && (
        <p className="px-2 py-1 text-muted-foreground text-xs">No boards yet</p>
      )}
      {open && all && shown.length === 0 && <p className="px-2 py-1 text-muted-foreground text-xs">No board found</p>}
      {open && shown.length > 0 && (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-0.5">
          {shown.map((board) => (
            <BoardRow key={board.id} board={board} current={board.id === openId} />
          ))}
        </ul>
      )}
      {open && boards.length > FEW && (
        <button
          type="button"
          onClick={() => {
            setAll((old) => !old);
            setText("");
          }}
          className="h-7 rounded-md px-2 text-left text-muted-foreground text-xs hover:bg-muted hover:text-foreground"
        >
          {all ? "Show fewer boards" : `Show all ${boards.length.toLocaleString(LOCALE)} boards`}
        </button>
      )}
    </section>
  );
}

function BoardRow({ board, current }: { board: Workflow; current: boolean }) {
  const pinned = useStored(boardUse).pinned.includes(board.id);
  return (
    <li className="group relative">
      <NavLink
        href={`/w/${board.id}`}
        name={board.name}
        icon={<span className="grid size-4 place-items-center text-2xs">{initial(board.name)}</span>}
        current={current}
        collapsed={false}
        badge={<span className="w-5" />}
      />
      <button
        type="button"
        aria-label={`${pinned ? "Unpin" : "Pin"} ${board.name}`}
        aria-pressed={pinned}
        onClick={() => togglePin(board.id)}
        className={cn(
          "absolute top-1 right-1 grid size-6 place-items-center rounded text-muted-foreground hover:text-foreground",
          !pinned && "opacity-0 focus-visible:opacity-100 group-hover:opacity-100",
        )}
      >
        <Star className={cn("size-3.5", pinned && "fill-current")} aria-hidden="true" />
      </button>
    </li>
  );
}

function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? "·";
}

/** Takes the room of the list, so that nothing jumps when it comes. */
function Placeholder() {
  return (
    <div role="status" aria-label="Loading boards…" className="grid gap-0.5">
      {[70, 50, 60].map((width) => (
        <div key={width} className="flex h-8 items-center px-2">
          <div className="h-3 animate-pulse rounded bg-muted" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}
