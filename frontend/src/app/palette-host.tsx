import { useNavigate, useParams } from "@tanstack/react-router";
import {
  AppWindow,
  Bot,
  ChartColumn,
  Columns3,
  History,
  Inbox,
  LogOut,
  Moon,
  Search,
  Settings2,
  Sun,
  TextSearch,
  UserRound,
  Users,
} from "lucide-react";
import { useEffect, useState } from "react";
import { session } from "@/api";
import { useWorkflows } from "@/api/hooks";
import { firstMoment } from "@/features/board/past/moments";
import { Button } from "@/ui/button";
import { lazyPart } from "@/ui/lazy-part";
import { Kbd } from "@/ui/states";
import { setTheme } from "@/ui/use-theme";

const Palette = lazyPart(async () => (await import("@/features/search/palette")).Palette);

/** The command palette and its button in the header. */
export function PaletteHost() {
  const [open, setOpen] = useState(false);
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const navigate = useNavigate();
  const createdAt = useWorkflows().data?.find(({ id }) => id === workflowId)?.created_at;

  // What somebody types right after opening it must not be lost.
  useEffect(() => void Palette.preload(), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey) return;
      event.preventDefault();
      setOpen((old) => !old);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  const dark = () => document.documentElement.classList.contains("dark");
  const actions = [
    { name: "Go to workflows", icon: <Columns3 />, run: () => void navigate({ to: "/" }) },
    { name: "Go to approvals", icon: <Inbox />, run: () => void navigate({ to: "/approvals", search: {} }) },
    ...(workflowId
      ? [
          {
            name: "Board at…",
            icon: <History />,
            run: () =>
              void navigate({
                to: "/w/$workflowId",
                params: { workflowId },
                search: { at: firstMoment(createdAt, Date.now()) },
              }),
          },
          {
            name: "Go to search",
            icon: <TextSearch />,
            run: () => void navigate({ to: "/w/$workflowId/search", params: { workflowId }, search: {} }),
          },
          {
            name: "Go to jobs",
            icon: <Bot />,
            run: () => void navigate({ to: "/w/$workflowId/jobs", params: { workflowId }, search: {} }),
          },
          {
            name: "Go to statistics",
            icon: <ChartColumn />,
            run: () => void navigate({ to: "/w/$workflowId/statistics", params: { workflowId }, search: {} }),
          },
          {
            name: "Go to agents",
            icon: <Users />,
            run: () => void navigate({ to: "/w/$workflowId/agents", params: { workflowId } }),
          },
          {
            name: "Go to apps",
            icon: <AppWindow />,
            run: () => void navigate({ to: "/w/$workflowId/apps", params: { workflowId } }),
          },
          {
            name: "Go to board settings",
            icon: <Settings2 />,
            run: () => void navigate({ to: "/w/$workflowId/settings", params: { workflowId } }),
          },
        ]
      : []),
    { name: "Go to account settings", icon: <UserRound />, run: () => void navigate({ to: "/account" }) },
    {
      name: dark() ? "Switch to light theme" : "Switch to dark theme",
      icon: dark() ? <Sun /> : <Moon />,
      run: () => setTheme(dark() ? "light" : "dark"),
    },
    { name: "Sign out", icon: <LogOut />, run: () => void session.signOut() },
  ];

  return (
    <>
      <Button
        variant="ghost"
        className="gap-2"
        aria-label="Search"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => setOpen(true)}
      >
        <Search />
        <span className="hidden md:inline">Search</span>
        <span className="hidden md:inline" aria-hidden="true">
          <Kbd>Ctrl K</Kbd>
        </span>
      </Button>
      {open && (
        <Palette
          open
          onOpenChange={setOpen}
          workflowId={workflowId}
          actions={actions}
          onWorkflow={(id) => void navigate({ to: "/w/$workflowId", params: { workflowId: id }, search: {} })}
          onAll={(id, q) =>
            void navigate({ to: "/w/$workflowId/search", params: { workflowId: id }, search: q ? { q } : {} })
          }
          onTicket={(id, ticketId) =>
            void navigate({ to: "/w/$workflowId/t/$ticketId", params: { workflowId: id, ticketId }, search: {} })
          }
        />
      )}
    </>
  );
}
