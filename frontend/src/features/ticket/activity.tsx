import { Tabs } from "radix-ui";
import type { RefObject } from "react";
import type { NameOf } from "@/api/hooks";
import type { TicketDetail } from "@/api/types";
import type { BoardState } from "@/live/state/board";
import { Comments } from "./comments";
import { Commits, type RenderCommit } from "./commits";
import { History } from "./history";

interface Props {
  ticket: TicketDetail;
  board: BoardState;
  nameOf: NameOf;
  editable: boolean;
  composer: RefObject<HTMLTextAreaElement | null>;
  run: <T>(what: string, request: () => Promise<T>) => Promise<T | null>;
  renderCommit: RenderCommit | undefined;
}

const tab =
  "-mb-px border-b-2 border-transparent px-1 pb-2 font-medium text-muted-foreground hover:text-foreground data-[state=active]:border-primary data-[state=active]:text-foreground";

export function Activity(props: Props) {
  const { ticket } = props;
  return (
    <Tabs.Root defaultValue="comments">
      <Tabs.List aria-label="Activity" className="mb-3 flex gap-4 border-b">
        <Tabs.Trigger value="comments" className={tab}>
          Comments <Total value={ticket.comments?.length} />
        </Tabs.Trigger>
        <Tabs.Trigger value="history" className={tab}>
          History <Total value={ticket.history?.length} />
        </Tabs.Trigger>
        <Tabs.Trigger value="commits" className={tab}>
          Commits <Total value={ticket.commits?.length} />
        </Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="comments">
        <Comments {...props} />
      </Tabs.Content>
      <Tabs.Content value="history">
        <History entries={ticket.history ?? []} board={props.board} nameOf={props.nameOf} />
      </Tabs.Content>
      <Tabs.Content value="commits">
        <Commits
          ticket={ticket}
          nameOf={props.nameOf}
          editable={props.editable}
          run={props.run}
          renderCommit={props.renderCommit}
        />
      </Tabs.Content>
    </Tabs.Root>
  );
}

function Total({ value = 0 }: { value?: number }) {
  return value > 0 ? <span className="tabular ml-0.5 text-2xs text-muted-foreground">{value}</span> : null;
}
