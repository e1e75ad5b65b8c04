/** What the palette does with a ticket. The server decides whether it may; what it refuses is shown with its sentence. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, Check, Link2, SignalHigh, SquareArrowOutUpRight, UserRound } from "lucide-react";
import { explain, tickets, workflows } from "@/api";
import { assignees, useMe, useWorkflows } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import type { Card, Priority, TicketDetail } from "@/api/types";
import { Avatar } from "@/entities/actor/avatar";
import { PRIORITIES, PRIORITY_NAMES, PriorityIcon } from "@/entities/ticket/priority-icon";
import { useMoveCard } from "@/features/board/use-move-card";
import type { PaletteAction, PaletteItem } from "@/features/search/palette";
import { type Run, resolveTicket } from "@/features/ticket/resolve-ticket";
import { useLive } from "@/live/context";
import { canEdit } from "@/live/state/board";
import { copyText } from "@/ui/clipboard";
import { cssColor } from "@/ui/color";
import { toast } from "@/ui/toast";

const UNASSIGNED = "none";

/** The ticket by its id, or by its key on the board that is open. */
function useCard(ticketId: string | undefined, workflowId: string | undefined): Card | undefined {
  const live = useLive();
  const cards = workflowId ? live.board(workflowId)?.cards : undefined;
  const onBoard =
    ticketId === undefined
      ? undefined
      : (cards?.get(ticketId) ?? [...(cards?.values() ?? [])].find(({ key }) => key === ticketId));
  const read = useQuery({
    queryKey: queryKeys.ticket(ticketId ?? ""),
    queryFn: ({ signal }) => tickets.get(ticketId ?? "", signal),
    enabled: ticketId !== undefined && onBoard === undefined,
    staleTime: 5_000,
    retry: false,
  });
  return onBoard ?? (read.data && !read.data.merged_into ? read.data : undefined);
}

export function useTicketCommands(
  ticketId: string | undefined,
  workflowId: string | undefined,
  open: (workflowId: string, ticketId: string) => void,
): PaletteAction[] {
  const card = useCard(ticketId, workflowId);
  const live = useLive();
  const queries = useQueryClient();
  const me = useMe();
  const home = card?.workflow_id ?? "";
  const workflow = useWorkflows().data?.find(({ id }) => id === home);
  const moveCard = useMoveCard(home, (id) => open(home, id));
  if (!card) return [];
  const { key } = card;
  const group = `${key} ${card.title}`;
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: queryKeys.ticket(card.ticket_id) });
    void queries.invalidateQueries({ queryKey: queryKeys.myWork(home) });
  };

  const run: Run = async (what, request) => {
    try {
      return await request();
    } catch (error) {
      toast.error(what, { description: explain(error), duration: 8_000 });
      return null;
    } finally {
      refresh();
    }
  };

  const columns = async (): Promise<PaletteItem[]> => {
    const config = live.board(home)?.config ?? (await readWorkflow()).board_config;
    return (config?.columns ?? [])
      .toSorted((a, b) => a.order - b.order)
      .map(({ id, name, color }) => ({
        id,
        name,
        icon: <span className="size-2.5 rounded-full" style={{ backgroundColor: cssColor(color) }} />,
        current: id === card.status,
        run: () => void (id !== card.status && move(id, name)),
      }));
  };
  const readWorkflow = () =>
    queries.fetchQuery({
      queryKey: queryKeys.workflow(home),
      queryFn: () => workflows.get(home),
      staleTime: 60_000,
    });
  const move = async (to: string, name: string) => {
    const board = live.board(home);
    const before = board?.order.get(card.status) ?? [];
    const at = before.indexOf(card.ticket_id);
    const neighbor = (index: number) => (at < 0 ? undefined : board?.cards.get(before[index] ?? ""));
    const [above, below] = [neighbor(at - 1), neighbor(at + 1)];
    if (!(await moveCard(card, to))) return;
    refresh();
    const undo = () => void moveCard({ ...card, status: to }, card.status, above, below).then(refresh);
    toast.success(`${key} moved to ${name}`, { action: { label: "Undo", onClick: undo } });
  };

  const update = async (changes: Partial<Pick<TicketDetail, "priority" | "assigned_agent_id">>, done: string) => {
    const before = Object.fromEntries(
      Object.keys(changes).map((field) => [field, card[field as keyof typeof changes] ?? null]),
    ) as typeof changes;
    const send = (next: typeof changes) => run(`Could not update ${key}`, () => tickets.update(card.ticket_id, next));
    if (await send(changes)) toast.success(done, { action: { label: "Undo", onClick: () => void send(before) } });
  };
  const people = async (): Promise<PaletteItem[]> => {
    const queryKey = queryKeys.members(home);
    const members = await queries.fetchQuery({
      queryKey,
      queryFn: () => workflows.members(home),
      staleTime: 60_000,
      networkMode: "always",
    });
    const actors = assignees(members).toSorted((a, b) => Number(b.id === me?.id) - Number(a.id === me?.id));
    return [
      ...actors.map((actor) => ({
        id: actor.id,
        name: actor.name,
        icon: <Avatar {...actor} />,
        hint: actor.id === me?.id ? "You" : actor.agent ? "Agent" : undefined,
        current: actor.id === card.assigned_agent_id,
        run: () => void update({ assigned_agent_id: actor.id }, `${key} assigned to ${actor.name}`),
      })),
      {
        id: UNASSIGNED,
        name: "Unassigned",
        icon: <UserRound />,
        current: card.assigned_agent_id === null,
        run: () => void update({ assigned_agent_id: null }, `${key} unassigned`),
      },
    ];
  };
  const priorities = async (): Promise<PaletteItem[]> =>
    PRIORITIES.map((priority: Priority) => ({
      id: priority,
      name: PRIORITY_NAMES[priority],
      icon: <PriorityIcon priority={priority} />,
      current: priority === card.priority,
      run: () => void update({ priority }, `Priority of ${key} set to ${PRIORITY_NAMES[priority].toLowerCase()}`),
    }));
  const copy = () => {
    const url = new URL(`/w/${home}/t/${card.ticket_id}`, window.location.href);
    void copyText(url.href, `Link to ${key} copied`);
  };

  const step = (title: string, placeholder: string, load: () => Promise<PaletteItem[]>) => () => ({
    title: `${title} ${key}`,
    placeholder,
    load,
  });
  const changes: PaletteAction[] = [
    { name: "Move to…", icon: <ArrowRight />, group, step: step("Move", "Choose a column", columns) },
    { name: "Assign to…", icon: <UserRound />, group, step: step("Assign", "Choose a member", people) },
    {
      name: "Set priority…",
      icon: <SignalHigh />,
      group,
      step: step("Priority of", "Choose a priority", priorities),
    },
    ...(card.is_resolved
      ? []
      : [{ name: "Resolve…", icon: <Check />, group, run: () => void resolveTicket(card, run) }]),
  ];
  return [
    ...(workflow && canEdit(workflow) ? changes : []),
    { name: "Copy link", icon: <Link2 />, group, run: copy },
    { name: "Open ticket", icon: <SquareArrowOutUpRight />, group, run: () => open(home, card.ticket_id) },
  ];
}
