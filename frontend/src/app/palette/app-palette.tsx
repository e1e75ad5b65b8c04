import { useNavigate } from "@tanstack/react-router";
import { Columns3, History, LogOut, Moon, Plus, Sun, UserRound } from "lucide-react";
import { session } from "@/api";
import { useMe, useWorkflows } from "@/api/hooks";
import type { Workflow } from "@/api/types";
import { firstMoment } from "@/features/board/past/moments";
import { Palette, type PaletteAction, type PaletteItem } from "@/features/search/palette";
import { canEdit } from "@/live/state/board";
import { useStored } from "@/ui/stored";
import { setTheme } from "@/ui/use-theme";
import { boardUse, sortBoards } from "../sidebar/boards";
import { ADMINISTRATION, HOME, INBOX, MY_WORK, pageOf, WORKFLOW_PAGES } from "../sidebar/links";
import { useTicketCommands } from "./use-ticket-commands";

const CREATE = "Create";

interface Props {
  workflowId: string | undefined;
  /** The ticket that is open or selected. */
  ticketId: string | undefined;
  /** Opens the form of a new ticket. */
  onCreate: (workflowId: string) => void;
  onClose: () => void;
}

/** The command palette with what can be done on the current page. */
export function AppPalette({ workflowId, ticketId, onCreate, onClose }: Props) {
  const navigate = useNavigate();
  const me = useMe();
  const use = useStored(boardUse);
  const boards = sortBoards(useWorkflows().data ?? [], use);
  const current = boards.find(({ id }) => id === workflowId);
  const openBoard = (id: string) => void navigate({ to: "/w/$workflowId", params: { workflowId: id }, search: {} });
  const openTicket = (id: string, ticket: string) =>
    void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId: id, ticketId: ticket }, search: {} });
  const goTo = (path: string) => void navigate({ to: path, search: {} });
  const ticketCommands = useTicketCommands(ticketId, workflowId, openTicket);

  const choose = (title: string, list: readonly Workflow[], run: (id: string) => void) => () => ({
    title,
    placeholder: "Choose a workflow",
    load: async (): Promise<PaletteItem[]> =>
      list.map(({ id, name }) => ({
        id,
        name,
        icon: <Columns3 />,
        current: id === workflowId,
        run: () => run(id),
      })),
  });
  const creatable = boards.filter(canEdit);
  const create: PaletteAction[] = [
    ...(current && canEdit(current)
      ? [{ name: "Create ticket", icon: <Plus />, group: CREATE, run: () => onCreate(current.id) }]
      : []),
    ...(creatable.length > 0
      ? [
          {
            name: "Create ticket in…",
            icon: <Plus />,
            group: CREATE,
            step: choose("Create ticket in", creatable, onCreate),
          },
        ]
      : []),
  ];
  const dark = document.documentElement.classList.contains("dark");
  const actions: PaletteAction[] = [
    ...ticketCommands,
    ...create,
    { name: "Switch workflow…", icon: <Columns3 />, step: choose("Switch workflow", boards, openBoard) },
    { name: "Go to home", icon: <HOME.icon />, run: () => goTo(HOME.path) },
    { name: "Go to workflows", icon: <Columns3 />, run: () => goTo("/workflows") },
    { name: "Go to approvals", icon: <INBOX.icon />, run: () => goTo(INBOX.path) },
    { name: "Go to my work", icon: <MY_WORK.icon />, run: () => goTo(MY_WORK.path) },
    ...(workflowId
      ? [
          {
            name: "Board at…",
            icon: <History />,
            run: () =>
              void navigate({
                to: "/w/$workflowId",
                params: { workflowId },
                search: { at: firstMoment(current?.created_at, Date.now()) },
              }),
          },
          ...WORKFLOW_PAGES.map(({ name, path, icon: Icon }) => ({
            name: `Go to ${path === "/settings" ? "board settings" : name.toLowerCase()}`,
            icon: <Icon />,
            run: () => goTo(pageOf(workflowId, path)),
          })),
        ]
      : []),
    { name: "Go to account settings", icon: <UserRound />, run: () => goTo("/account") },
    ...(me?.is_admin
      ? [{ name: "Go to administration", icon: <ADMINISTRATION.icon />, run: () => goTo(ADMINISTRATION.path) }]
      : []),
    {
      name: dark ? "Switch to light theme" : "Switch to dark theme",
      icon: dark ? <Sun /> : <Moon />,
      run: () => setTheme(dark ? "light" : "dark"),
    },
    { name: "Sign out", icon: <LogOut />, run: () => void session.signOut() },
  ];
  return (
    <Palette
      open
      onOpenChange={(open) => !open && onClose()}
      workflowId={workflowId}
      searched={boards.map(({ id }) => id)}
      actions={actions}
      onWorkflow={openBoard}
      onAll={(id, q) =>
        void navigate({ to: "/w/$workflowId/search", params: { workflowId: id }, search: q ? { q } : {} })
      }
      onTicket={openTicket}
    />
  );
}
