import { Link, Outlet, useParams } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import { useState } from "react";
import { session } from "@/api";
import { useMe, useWorkflows } from "@/api/hooks";
import { Avatar } from "@/entities/actor/avatar";
import { Button } from "@/ui/button";
import { lazyPart } from "@/ui/lazy-part";
import { useLater } from "@/ui/load-part";
import { Logo } from "@/ui/logo";
import { Menu, MenuCheckboxItem, MenuItem, MenuLabel, MenuSeparator } from "@/ui/menu";
import { useMedia } from "@/ui/use-media";
import { useShortcuts } from "@/ui/use-shortcuts";
import { setTheme, type Theme, useTheme } from "@/ui/use-theme";
import { ConnectionStatus } from "./connection-status";
import { HeldDecisionsHost } from "./held-decisions-host";
import { NotificationsHost } from "./notifications-host";
import { OutageBanner } from "./outage-banner";
import { PaletteHost } from "./palette-host";
import { BottomBar } from "./sidebar/bottom-bar";
import { ADMINISTRATION } from "./sidebar/links";
import { Sidebar, TOGGLE_KEY } from "./sidebar/sidebar";
import { useBoards, useCollapsedSidebar } from "./sidebar/use-sidebar";

const MatchNotificationsHost = lazyPart(
  async () => (await import("./match-notifications-host")).MatchNotificationsHost,
);
const HomeIndicatorHost = lazyPart(async () => (await import("./home-indicator-host")).HomeIndicatorHost);

const ShortcutSheet = lazyPart(async () => (await import("./shortcut-sheet")).ShortcutSheet);

export function Shell() {
  const later = useLater();
  const wide = useMedia("(min-width: 48rem)");
  const boards = useBoards();
  const [collapsed, toggle] = useCollapsedSidebar();
  const [sheet, setSheet] = useState(false);
  useShortcuts({
    "?": { label: "Show keyboard shortcuts", group: "Everywhere", run: () => setSheet(true) },
    [TOGGLE_KEY]: {
      label: "Collapse or expand the sidebar",
      group: "Everywhere",
      when: wide,
      run: (event) => {
        event.preventDefault();
        toggle();
      },
    },
  });
  return (
    <div className="flex h-full">
      <a
        href="#content"
        className="sr-only z-60 rounded-md bg-primary px-3 py-2 text-primary-foreground focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      {wide && <Sidebar boards={boards} collapsed={collapsed} onToggle={toggle} onShortcuts={() => setSheet(true)} />}
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-12 shrink-0 items-center gap-1 border-b bg-surface px-3">
          {!wide && (
            <Link to="/" aria-label="Callboard" className="flex items-center rounded-md px-1.5 py-1">
              <Logo />
            </Link>
          )}
          <WorkflowSwitcher separated={!wide} />
          <div className="ml-auto flex items-center gap-1">
            {/* What comes and goes stands first, so that the buttons after it stay where a finger aims. */}
            {later && <MatchNotificationsHost />}
            {later && <HomeIndicatorHost />}
            <NotificationsHost />
            <ConnectionStatus />
            <PaletteHost />
            <UserMenu />
          </div>
        </header>
        <OutageBanner />
        <main id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          <Outlet />
        </main>
        <HeldDecisionsHost />
        {!wide && <BottomBar boards={boards} />}
      </div>
      {sheet && <ShortcutSheet onClose={() => setSheet(false)} />}
    </div>
  );
}

function WorkflowSwitcher({ separated }: { separated: boolean }) {
  const { workflowId } = useParams({ strict: false }) as { workflowId?: string };
  const { data } = useWorkflows();
  const current = data?.find((workflow) => workflow.id === workflowId);
  if (!workflowId) return null;
  return (
    <>
      {separated && (
        <span aria-hidden="true" className="text-border-strong">
          /
        </span>
      )}
      <Menu
        align="start"
        trigger={
          <Button variant="ghost" className="min-w-0 max-w-[45vw] shrink text-foreground" aria-label="Switch workflow">
            <span dir="auto" className="truncate">
              {current?.name ?? "Workflow"}
            </span>
            <ChevronsUpDown className="text-muted-foreground" />
          </Button>
        }
      >
        <MenuLabel>Workflows</MenuLabel>
        {(data ?? []).slice(0, 30).map((workflow) => (
          <MenuItem key={workflow.id} asChild>
            <Link to="/w/$workflowId" params={{ workflowId: workflow.id }} search={{}}>
              <span dir="auto" className="max-w-64 truncate">
                {workflow.name}
              </span>
            </Link>
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem asChild>
          <Link to="/">All workflows</Link>
        </MenuItem>
      </Menu>
    </>
  );
}

const THEMES: ReadonlyArray<[Theme, string, typeof Sun]> = [
  ["system", "System", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

function UserMenu() {
  const me = useMe();
  const theme = useTheme();
  if (!me) return <span className="size-8" />;
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={`Account menu of ${me.name}`}>
          <Avatar id={me.id} name={me.name} size="md" />
        </Button>
      }
    >
      <div className="px-2 py-1.5">
        <p className="font-medium">{me.name}</p>
        <p className="text-muted-foreground text-xs">{me.email}</p>
      </div>
      <MenuSeparator />
      <MenuItem asChild>
        <Link to="/account">
          <UserRound /> Account settings
        </Link>
      </MenuItem>
      {me.is_admin && (
        <MenuItem asChild>
          <Link to={ADMINISTRATION.path}>
            <ADMINISTRATION.icon /> {ADMINISTRATION.name}
          </Link>
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuLabel>Theme</MenuLabel>
      {THEMES.map(([value, label, Icon]) => (
        <MenuCheckboxItem key={value} checked={theme === value} onCheckedChange={() => setTheme(value)}>
          <Icon /> {label}
        </MenuCheckboxItem>
      ))}
      <MenuSeparator />
      <MenuItem onSelect={() => void session.signOut()}>
        <LogOut /> Sign out
      </MenuItem>
    </Menu>
  );
}
