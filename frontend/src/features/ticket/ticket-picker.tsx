import { Command } from "cmdk";
import { useMemo, useState } from "react";
import type { Card } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { cn } from "@/ui/cn";
import { Dialog } from "@/ui/dialog";
import { inputClass } from "@/ui/field";

interface Props {
  title: string;
  open: boolean;
  board: BoardState;
  exclude: ReadonlySet<string>;
  onPick: (ticketId: string) => void;
  onClose: () => void;
}

const MAX_RESULTS = 30;

export function TicketPicker(props: Props) {
  return (
    <Dialog open={props.open} onOpenChange={(open) => !open && props.onClose()} title={props.title}>
      <Picker board={props.board} exclude={props.exclude} onPick={props.onPick} />
    </Dialog>
  );
}

interface PickerProps extends Pick<Props, "board" | "exclude" | "onPick"> {
  /** Listed first while the query is empty. */
  suggested?: readonly string[];
}

const NONE: readonly string[] = [];

export function Picker({ board, exclude, onPick, suggested = NONE }: PickerProps) {
  const [query, setQuery] = useState("");
  const found = useMemo(() => search(board, query, exclude, suggested), [board, query, exclude, suggested]);
  return (
    <Command shouldFilter={false} label="Find ticket">
      <Command.Input
        value={query}
        onValueChange={setQuery}
        autoFocus
        placeholder="Search by key or title"
        className={cn(inputClass, "mt-1 h-9")}
      />
      <Command.List className="scroll-thin mt-2 max-h-80 overflow-y-auto">
        <Command.Empty className="p-4 text-center text-muted-foreground">No tickets found.</Command.Empty>
        {found.map((card) => (
          <Command.Item
            key={card.ticket_id}
            value={card.ticket_id}
            onSelect={onPick}
            className="flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 data-[selected=true]:bg-muted"
          >
            <span className="tabular w-16 shrink-0 text-muted-foreground text-xs">{card.key}</span>
            <span dir="auto" className="truncate">
              {card.title}
            </span>
          </Command.Item>
        ))}
      </Command.List>
    </Command>
  );
}

/** Sorts by exact key, then suggestions (while the query is empty), then open before resolved, then newest first. */
function search(board: BoardState, query: string, exclude: ReadonlySet<string>, suggested: readonly string[]): Card[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Card[] = [];
  for (const card of board.cards.values()) {
    if (exclude.has(card.ticket_id)) continue;
    const text = `${card.key} ${card.title}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.push(card);
  }
  const suggestionRank = (card: Card) => {
    const at = words.length === 0 ? suggested.indexOf(card.ticket_id) : -1;
    return at < 0 ? suggested.length : at;
  };
  const exact = (card: Card) => card.key.toLowerCase() === query.trim().toLowerCase();
  found.sort(
    (a, b) =>
      Number(exact(b)) - Number(exact(a)) ||
      suggestionRank(a) - suggestionRank(b) ||
      Number(a.is_resolved) - Number(b.is_resolved) ||
      b.number - a.number,
  );
  return found.slice(0, MAX_RESULTS);
}
