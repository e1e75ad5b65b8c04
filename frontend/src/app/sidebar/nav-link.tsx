import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn";
import { Tooltip } from "@/ui/tooltip";

const rowClass =
  "group/row flex h-8 min-w-0 items-center gap-2.5 rounded-md px-2 font-medium text-muted-foreground transition-colors hover:bg-muted hover:text-foreground aria-[current=page]:bg-muted aria-[current=page]:text-foreground [&_svg]:size-4 [&_svg]:shrink-0";

interface Props {
  href: string;
  name: string;
  /** Accessible name, if the visible one does not tell everything. */
  label?: string;
  icon: ReactNode;
  current: boolean;
  collapsed: boolean;
  badge?: ReactNode;
}

/** A link of the sidebar: an icon with its name, or with a hint where there is room only for the icon. */
export function NavLink({ href, name, label, icon, current, collapsed, badge }: Props) {
  const link = (
    <Link
      to={href}
      search={{}}
      aria-label={collapsed || label ? (label ?? name) : undefined}
      aria-current={current ? "page" : undefined}
      // Otherwise the pages above the open one are marked as well.
      activeOptions={{ exact: true, includeSearch: false }}
      className={cn(rowClass, collapsed && "relative w-8 justify-center px-0")}
    >
      {icon}
      {!collapsed && (
        <span dir="auto" className="min-w-0 flex-1 truncate">
          {name}
        </span>
      )}
      {badge}
    </Link>
  );
  return collapsed ? <Tooltip label={label ?? name}>{link}</Tooltip> : link;
}
