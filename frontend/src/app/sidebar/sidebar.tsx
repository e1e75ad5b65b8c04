import { Link, useLocation } from "@tanstack/react-router";
import { Keyboard, PanelLeft, UserRound } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useMe } from "@/api/hooks";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Logo } from "@/ui/logo";
import { keyLabels } from "@/ui/shortcut-keys";
import { Tooltip } from "@/ui/tooltip";
import { BoardList } from "./board-list";
import { InboxBadge, useInboxLabel } from "./inbox-badge";
import { ADMINISTRATION, HOME, INBOX, isInbox, MY_WORK, type PageLink, pageAt, WORKFLOW_PAGES } from "./links";
import { NavLink } from "./nav-link";
import type { Boards } from "./use-sidebar";

interface Props {
  boards: Boards;
  collapsed: boolean;
  onToggle: () => void;
  onShortcuts: () => void;
}

export const TOGGLE_KEY = "Mod+b";

/** The navigation of wide screens. */
export function Sidebar({ boards, collapsed, onToggle, onShortcuts }: Props) {
  const { pathname } = useLocation();
  const { all, current, loading } = boards;
  const open = pageAt(pathname);
  const inbox = useInboxLabel();
  const me = useMe();
  const link = (page: PageLink, more: { label?: string; badge?: ReactNode } = {}) => (
    <NavLink
      href={page.path}
      name={page.name}
      icon={<page.icon />}
      current={page === INBOX ? isInbox(pathname) : pathname === page.path}
      collapsed={collapsed}
      {...more}
    />
  );
  const toggleLabel = `${collapsed ? "Expand" : "Collapse"} the sidebar`;
  const toggle = (
    <Tooltip label={`${toggleLabel} (${keyLabels(TOGGLE_KEY).join(" ")})`}>
      <Button
        variant="ghost"
        size="icon"
        aria-label={toggleLabel}
        aria-expanded={!collapsed}
        aria-keyshortcuts="Control+B Meta+B"
        onClick={onToggle}
      >
        <PanelLeft />
      </Button>
    </Tooltip>
  );
  return (
    <nav
      aria-label="Main"
      className={cn("flex h-full shrink-0 flex-col border-r bg-sunken", collapsed ? "w-12" : "w-56")}
    >
      <div className="flex h-12 shrink-0 items-center justify-between px-2">
        {!collapsed && (
          <Link
            to="/"
            aria-label="Callboard"
            className="flex items-center gap-2 rounded-md px-1.5 py-1 font-semibold text-sm"
          >
            <Logo /> Callboard
          </Link>
        )}
        {toggle}
      </div>
      <div className="scroll-thin flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-2 pb-2">
        <div className="grid gap-0.5">
          {link(HOME)}
          {link(INBOX, { label: inbox.label, badge: <InboxBadge count={inbox.count} collapsed={collapsed} /> })}
          {link(MY_WORK)}
        </div>
        {(current || open || loading) && (
          <WorkflowPages
            id={current?.id ?? open?.workflowId}
            name={current?.name ?? (loading ? undefined : "Workflow")}
            openPath={open && open.workflowId === (current?.id ?? open.workflowId) ? open.path : null}
            collapsed={collapsed}
          />
        )}
        {!collapsed && (
          <BoardList boards={all} loading={loading} openId={open?.path === "" ? open.workflowId : undefined} />
        )}
      </div>
      <div className={cn("flex shrink-0 gap-1 border-t p-2", collapsed && "flex-col")}>
        <Tooltip label="Account settings">
          <Button variant="ghost" size="icon" asChild>
            <Link to="/account" aria-label="Account settings">
              <UserRound />
            </Link>
          </Button>
        </Tooltip>
        {me?.is_admin && (
          <Tooltip label={ADMINISTRATION.name}>
            <Button variant="ghost" size="icon" asChild>
              <Link to={ADMINISTRATION.path} aria-label={ADMINISTRATION.name}>
                <ADMINISTRATION.icon />
              </Link>
            </Button>
          </Tooltip>
        )}
        <Tooltip label="Keyboard shortcuts (?)">
          <Button
            variant="ghost"
            size="icon"
            aria-label="Keyboard shortcuts"
            aria-keyshortcuts="?"
            onClick={onShortcuts}
          >
            <Keyboard />
          </Button>
        </Tooltip>
      </div>
    </nav>
  );
}

interface PagesProps {
  /** Unknown while the workflows are loading on a page of no workflow. */
  id: string | undefined;
  name: string | undefined;
  openPath: string | null;
  collapsed: boolean;
}

function WorkflowPages({ id, name, openPath, collapsed }: PagesProps) {
  const labelId = useId();
  return (
    <section
      aria-labelledby={labelId}
      className={cn("grid grid-cols-[minmax(0,1fr)] gap-0.5", collapsed && "border-t pt-3")}
    >
      <p id={labelId} className={collapsed ? "sr-only" : "flex h-7 items-center px-2 text-2xs text-muted-foreground"}>
        <span dir="auto" className="truncate font-medium">
          {name ?? "Workflow"}
        </span>
      </p>
      {WORKFLOW_PAGES.map((page) =>
        id === undefined ? (
          <div key={page.path} className="h-8" />
        ) : (
          <NavLink
            key={page.path}
            href={`/w/${id}${page.path}`}
            name={page.name}
            icon={<page.icon />}
            current={openPath === page.path}
            collapsed={collapsed}
          />
        ),
      )}
    </section>
  );
}
