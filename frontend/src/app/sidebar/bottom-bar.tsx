import { Link, useLocation } from "@tanstack/react-router";
import { Ellipsis, SquareKanban, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import { useMe } from "@/api/hooks";
import { cn } from "@/ui/cn";
import { LOCALE } from "@/ui/locale";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/ui/menu";
import { InboxBadge, useInboxLabel } from "./inbox-badge";
import { ADMINISTRATION, HOME, INBOX, isInbox, MY_WORK, pageAt, pageOf, WORKFLOW_PAGES } from "./links";
import type { Boards } from "./use-sidebar";

const MAX_BOARDS = 12;
const itemClass =
  "relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 rounded-md text-2xs font-medium text-muted-foreground aria-[current=page]:text-foreground aria-[current=page]:bg-muted [&_svg]:size-5";

/** The navigation of phones: the pages that are used most, and a menu with the others. */
export function BottomBar({ boards: { all, current } }: { boards: Boards }) {
  const { pathname } = useLocation();
  const open = pageAt(pathname);
  const inbox = useInboxLabel();
  const me = useMe();
  const id = current?.id ?? open?.workflowId;
  const onBoard = open?.path === "" && open.workflowId === id;
  return (
    <nav
      aria-label="Main"
      className="flex h-14 shrink-0 gap-1 border-t bg-surface px-2 py-1 pb-[max(0.25rem,env(safe-area-inset-bottom))]"
    >
      <Item href={HOME.path} name={HOME.name} icon={<HOME.icon />} current={pathname === HOME.path} />
      <Item
        href={INBOX.path}
        name={INBOX.name}
        label={inbox.label}
        icon={<INBOX.icon />}
        current={isInbox(pathname)}
        badge={<InboxBadge count={inbox.count} collapsed={false} />}
      />
      <Item href={MY_WORK.path} name={MY_WORK.name} icon={<MY_WORK.icon />} current={pathname === MY_WORK.path} />
      {id && <Item href={`/w/${id}`} name="Board" icon={<SquareKanban />} current={onBoard} />}
      <Menu
        side="top"
        trigger={
          <button type="button" className={itemClass}>
            <Ellipsis /> More
          </button>
        }
      >
        {id && (
          <>
            <MenuLabel>{current?.name ?? "Workflow"}</MenuLabel>
            {WORKFLOW_PAGES.filter(({ path }) => path !== "").map(({ name, path, icon: Icon }) => (
              <MenuItem key={path} asChild>
                <Link to={pageOf(id, path)} search={{}}>
                  <Icon /> {name}
                </Link>
              </MenuItem>
            ))}
            <MenuSeparator />
          </>
        )}
        <MenuLabel>Boards</MenuLabel>
        {all.slice(0, MAX_BOARDS).map((board) => (
          <MenuItem key={board.id} asChild>
            <Link to="/w/$workflowId" params={{ workflowId: board.id }} search={{}}>
              <SquareKanban />{" "}
              <span dir="auto" className="max-w-60 truncate">
                {board.name}
              </span>
            </Link>
          </MenuItem>
        ))}
        {all.length > MAX_BOARDS && (
          <MenuItem asChild>
            <Link to="/">All {all.length.toLocaleString(LOCALE)} boards</Link>
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem asChild>
          <Link to="/account">
            <UserRound /> Account settings
          </Link>
        </MenuItem>
        {me?.is_admin && (
          <MenuItem asChild>
            <Link to={ADMINISTRATION.path}>
              <ADMINISTRATION.icon /> {ADMINISTRATION.name}
            </Link>
          </MenuItem>
        )}
      </Menu>
    </nav>
  );
}

interface ItemProps {
  href: string;
  name: string;
  label?: string;
  icon: ReactNode;
  current: boolean;
  badge?: ReactNode;
}

function Item({ href, name, label, icon, current, badge }: ItemProps) {
  return (
    <Link
      to={href}
      search={{}}
      aria-label={label}
      aria-current={current ? "page" : undefined}
      // Otherwise the pages above the open one are marked as well.
      activeOptions={{ exact: true, includeSearch: false }}
      className={itemClass}
    >
      {icon}
      <span dir="auto" className="max-w-full truncate">
        {name}
      </span>
      {badge && <span className={cn("absolute top-0.5 left-1/2 ml-1.5 flex")}>{badge}</span>}
    </Link>
  );
}
