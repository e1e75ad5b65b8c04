import { Check, Copy, Eye, GitMerge, MoreHorizontal, Trash2, X } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { explain, isNotFound } from "@/api";
import { type NameOf, useActors } from "@/api/hooks";
import type { Card, TicketDetail } from "@/api/types";
import { TicketLinksContext } from "@/entities/ticket/ticket-links";
import { TypeIcon } from "@/entities/ticket/type-icon";
import { useBoard } from "@/live/context";
import { type BoardState, canEdit } from "@/live/state/board";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { Empty, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { Activity } from "./activity";
import type { RenderCommit } from "./commits";
import { Description } from "./description";
import { Details } from "./details";
import { MergeDialog } from "./merge-dialog";
import { MergedNotice, useUnmerge } from "./merged-notice";
import { resolveTicket } from "./resolve-ticket";
import { ticketActions } from "./ticket-actions";
import { PullRequests } from "./timeline-entry";
import { TitleEditor } from "./title-editor";
import { useTicket, useTicketChanges } from "./use-ticket";
import { useTicketLinks } from "./use-ticket-links";

export interface DrawerProps {
  workflowId: string;
  ticketId: string;
  onOpen: (ticketId: string) => void;
  onClose: () => void;
  onMove: (card: Card, to: string) => void;
  /** Renders sections of other features, such as jobs and approvals. */
  renderSections?: (props: TicketSectionProps) => ReactNode;
  /** Renders the diff of a commit. */
  renderCommit?: RenderCommit;
}

export interface TicketSectionProps {
  ticket: TicketDetail;
  board: BoardState;
  nameOf: NameOf;
  editable: boolean;
}

export function TicketDrawer(props: DrawerProps) {
  const { workflowId, onClose } = props;
  const { board } = useBoard(workflowId);
  // The URL may contain a ticket's key instead of its id.
  const ticketId = useMemo(() => {
    if (!board || board.cards.has(props.ticketId)) return props.ticketId;
    for (const card of board.cards.values()) if (card.key === props.ticketId) return card.ticket_id;
    return props.ticketId;
  }, [board, props.ticketId]);
  const { data, error, isPending } = useTicket(ticketId);
  const panel = useRef<HTMLElement>(null);
  // The ticket may be deleted while it is open.
  const notFound = isNotFound(error);
  const label = data ? `${data.key} ${data.title}` : "Ticket";

  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    return () => document.querySelector<HTMLElement>(`[data-ticket="${CSS.escape(ticketId)}"] a`)?.focus();
  }, [ticketId]);
  useShortcuts({ Escape: { label: "Close the ticket", group: "Ticket", run: onClose } });

  return (
    <section
      ref={panel}
      role="dialog"
      aria-label={label}
      data-drawer
      data-state="open"
      tabIndex={-1}
      className="absolute inset-y-0 right-0 z-30 flex w-full flex-col border-l bg-surface shadow-pop outline-none motion-safe:animate-in motion-safe:slide-in-from-right-8 motion-safe:fade-in-0 md:w-[min(100%,54rem)]"
    >
      {data && board && !notFound ? (
        <Loaded {...props} ticketId={ticketId} ticket={data} />
      ) : (
        <>
          <div className="flex justify-end p-2">
            <CloseButton onClose={onClose} />
          </div>
          {isPending ? (
            <Spinner label="Loading the ticket…" />
          ) : (
            <Empty title={notFound ? "Ticket not found" : "Could not load the ticket"}>
              {notFound ? "It was deleted, or you do not have access to its workflow." : explain(error)}
            </Empty>
          )}
        </>
      )}
    </section>
  );
}

function CloseButton({ onClose }: { onClose: () => void }) {
  return (
    <Button variant="ghost" size="icon" aria-label="Close ticket" onClick={onClose}>
      <X />
    </Button>
  );
}

function Loaded({
  workflowId,
  ticket,
  onOpen,
  onClose,
  onMove,
  renderSections,
  renderCommit,
}: DrawerProps & { ticket: TicketDetail }) {
  const { board } = useBoard(workflowId);
  const { actors, nameOf } = useActors(workflowId);
  const { run, update } = useTicketChanges(ticket.ticket_id);
  const [editing, setEditing] = useState(false);
  const composer = useRef<HTMLTextAreaElement>(null);
  const [merging, setMerging] = useState(false);
  const hasEditRole = board !== undefined && canEdit(board.workflow);
  // A merged ticket is read-only; its original is edited instead.
  const editable = hasEditRole && !ticket.merged_into;
  const unmerge = useUnmerge(run);
  const { requestReview, remove } = ticketActions(ticket, run, onClose);
  useTitle(`${ticket.key} ${ticket.title}`);

  useShortcuts({
    c: {
      label: "Write a comment",
      group: "Ticket",
      run: (event) => {
        event.preventDefault();
        composer.current?.scrollIntoView({ block: "center" });
        composer.current?.focus();
      },
    },
    e: {
      label: "Edit the description",
      group: "Ticket",
      when: editable,
      run: (event) => {
        event.preventDefault();
        setEditing(true);
      },
    },
  });
  const links = useTicketLinks(board, onOpen);
  if (!board) return null;
  const card = board.cards.get(ticket.ticket_id) ?? ticket;
  const type = board.config.ticket_types.find(({ id }) => id === ticket.ticket_type);

  const merged = (original: Card) => {
    setMerging(false);
    const { ticket_id, key } = ticket;
    const undo = () => void unmerge({ ticket_id, key });
    toast.success(`${key} merged into ${original.key}`, { duration: 10_000, action: { label: "Undo", onClick: undo } });
    onOpen(original.ticket_id);
  };
  const copyLink = () => copyText(window.location.href, "Link copied");

  return (
    <TicketLinksContext.Provider value={links}>
      <header className="flex h-11 shrink-0 items-center gap-2 border-b px-4">
        <TypeIcon type={type} id={ticket.ticket_type} />
        <span className="tabular font-medium text-muted-foreground">{ticket.key}</span>
        <div className="ml-auto flex items-center gap-1">
          {editable && !ticket.is_resolved && (
            <Button size="sm" onClick={() => void resolveTicket(ticket, run)}>
              <Check /> Resolve
            </Button>
          )}
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label="More actions">
                <MoreHorizontal />
              </Button>
            }
          >
            <MenuItem onSelect={() => void copyLink()}>
              <Copy /> Copy link
            </MenuItem>
            {editable && (
              <>
                {ticket.approval_status !== "pending_review" && (
                  <MenuItem onSelect={() => void requestReview()}>
                    <Eye /> Request review…
                  </MenuItem>
                )}
                <MenuItem onSelect={() => setMerging(true)}>
                  <GitMerge /> Merge into…
                </MenuItem>
                <MenuSeparator />
                <MenuItem danger onSelect={() => void remove()}>
                  <Trash2 /> Delete ticket
                </MenuItem>
              </>
            )}
          </Menu>
          <CloseButton onClose={onClose} />
        </div>
      </header>
      <div className="scroll-thin grid min-h-0 flex-1 content-start overflow-y-auto md:grid-cols-[minmax(0,1fr)_16.5rem] md:grid-rows-[auto_1fr] md:content-stretch">
        <div className="grid content-start gap-5 px-5 py-4">
          {ticket.merged_into && (
            <MergedNotice
              into={ticket.merged_into}
              canUndo={hasEditRole}
              onOpen={onOpen}
              onUndo={() => void unmerge(ticket)}
            />
          )}
          <TitleEditor
            title={ticket.title}
            draft={`ticket.${ticket.ticket_id}.title`}
            editable={editable}
            onSave={(title) => update({ title })}
          />
          <Description
            text={ticket.description ?? ""}
            draft={`ticket.${ticket.ticket_id}.description`}
            editable={editable}
            editing={editing}
            onEditing={setEditing}
            onSave={(description) => update({ description })}
          />
          <PullRequests history={ticket.history ?? []} />
          {renderSections?.({ ticket, board, nameOf, editable })}
        </div>
        <Details
          ticket={{ ...ticket, status: card.status }}
          board={board}
          actors={actors}
          nameOf={nameOf}
          editable={editable}
          update={update}
          run={run}
          onMove={(to) => onMove(card, to)}
          onOpen={onOpen}
        />
        <div className="px-5 pt-4 pb-8 md:pt-1">
          <Activity
            ticket={ticket}
            board={board}
            nameOf={nameOf}
            editable={editable}
            composer={composer}
            run={run}
            renderCommit={renderCommit}
          />
        </div>
      </div>
      {merging && <MergeDialog ticket={ticket} board={board} onClose={() => setMerging(false)} onMerged={merged} />}
    </TicketLinksContext.Provider>
  );
}
