import { useMutation } from "@tanstack/react-query";
import { ArrowRight, Link2, SquareArrowOutUpRight, UserRound } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { explain, tickets } from "@/api";
import { useActors, useMe } from "@/api/hooks";
import type { Card, Priority } from "@/api/types";
import { PRIORITIES, PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { copyText } from "@/ui/clipboard";
import { cssColor } from "@/ui/color";
import { MenuCheckboxItem, MenuItem, MenuLabel, MenuPanel, MenuSeparator, SubMenu } from "@/ui/menu-parts";
import { toast } from "@/ui/toast";
import { useBoardShared } from "./board-context";

interface Props {
  card: Card;
  anchor: HTMLElement;
  onMove: (card: Card, to: string) => void;
  onClose: () => void;
}

/** One menu for all cards, anchored to the clicked one. A closed menu per card would cost more than the card itself. */
export function CardMenu({ card, anchor, onMove, onClose }: Props) {
  const { columns, editable, open } = useBoardShared();
  const me = useMe();
  const { actors } = useActors(card.workflow_id);
  const update = useMutation({
    mutationFn: (changes: { priority?: Priority; assigned_agent_id?: string | null }) =>
      tickets.update(card.ticket_id, changes),
    onError: (error) => toast.error(`Could not update ${card.key}`, { description: explain(error) }),
  });
  const box = anchor.getBoundingClientRect();
  const mine = me !== null && card.assigned_agent_id === me.id;
  const copy = () => {
    const url = new URL(`/w/${card.workflow_id}/t/${card.ticket_id}`, window.location.href);
    return copyText(url.href, `Link to ${card.key} copied`);
  };
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger asChild>
        <span
          aria-hidden="true"
          tabIndex={-1}
          className="pointer-events-none fixed"
          style={{ left: box.left, top: box.top, width: box.width, height: box.height }}
        />
      </DropdownMenu.Trigger>
      <MenuPanel
        aria-label={`Actions for ${card.key}`}
        onCloseAutoFocus={(event) => {
          event.preventDefault();
          if (anchor.isConnected) anchor.focus();
        }}
      >
        <MenuItem onSelect={() => open(card.ticket_id)}>
          <SquareArrowOutUpRight /> Open ticket
        </MenuItem>
        <MenuItem onSelect={() => void copy()}>
          <Link2 /> Copy link
        </MenuItem>
        {editable && (
          <>
            <MenuSeparator />
            <SubMenu
              label={
                <>
                  <ArrowRight /> Move to…
                </>
              }
            >
              {columns.map((column) => (
                <MenuItem key={column.id} disabled={column.id === card.status} onSelect={() => onMove(card, column.id)}>
                  <span className="size-2.5 rounded-full" style={{ backgroundColor: cssColor(column.color) }} />
                  {column.name}
                </MenuItem>
              ))}
            </SubMenu>
            <SubMenu
              label={
                <>
                  <PriorityIcon priority={card.priority} /> Priority
                </>
              }
            >
              <MenuLabel>Priority</MenuLabel>
              {PRIORITIES.map((priority) => (
                <MenuCheckboxItem
                  key={priority}
                  checked={priority === card.priority}
                  onCheckedChange={() => update.mutate({ priority })}
                >
                  <PriorityIcon priority={priority} /> {PRIORITY_NAMES[priority]}
                </MenuCheckboxItem>
              ))}
            </SubMenu>
            {me && (mine || actors.some(({ id }) => id === me.id)) && (
              <MenuItem onSelect={() => update.mutate({ assigned_agent_id: mine ? null : me.id })}>
                <UserRound /> {mine ? "Unassign me" : "Assign to me"}
              </MenuItem>
            )}
          </>
        )}
      </MenuPanel>
    </DropdownMenu.Root>
  );
}
