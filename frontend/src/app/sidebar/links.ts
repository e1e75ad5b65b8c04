/** The pages that the sidebar links. A page of a workflow is one line here. */
import {
  AppWindow,
  Bot,
  ChartColumn,
  CircleUserRound,
  Home,
  Inbox,
  type LucideIcon,
  ServerCog,
  Settings2,
  SquareKanban,
  TextSearch,
  Users,
} from "lucide-react";

export interface PageLink {
  name: string;
  icon: LucideIcon;
  /** Appended to `/w/<id>` for a page of a workflow. */
  path: string;
}

export const HOME: PageLink = { name: "Home", icon: Home, path: "/" };
export const INBOX: PageLink = { name: "Inbox", icon: Inbox, path: "/approvals" };
export const MY_WORK: PageLink = { name: "My work", icon: CircleUserRound, path: "/my-work" };

/** For administrators. */
export const ADMINISTRATION: PageLink = { name: "Administration", icon: ServerCog, path: "/settings/people" };

const SETTINGS = "/settings";

/** Pages of the current workflow, in the order in which they are shown. */
export const WORKFLOW_PAGES: readonly PageLink[] = [
  { name: "Board", icon: SquareKanban, path: "" },
  { name: "Jobs", icon: Bot, path: "/jobs" },
  { name: "Agents", icon: Users, path: "/agents" },
  { name: "Search", icon: TextSearch, path: "/search" },
  { name: "Statistics", icon: ChartColumn, path: "/statistics" },
  { name: "Apps", icon: AppWindow, path: "/apps" },
  { name: "Settings", icon: Settings2, path: SETTINGS },
];

export function pageOf(workflowId: string, path: string): string {
  return `/w/${workflowId}${path}`;
}

const REVIEW = "/review/";
const IMPORT = "/import";

/** Whether a location shows the inbox or one of its reviews. */
export function isInbox(pathname: string): boolean {
  return pathname === INBOX.path || pageAt(pathname)?.path === REVIEW;
}

/** Which page of a workflow a location shows: the longest path that fits. Tickets belong to the page below them. */
export function pageAt(pathname: string): { workflowId: string; path: string } | null {
  const [, workflowId = "", rest = ""] = /^\/w\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  if (!workflowId) return null;
  const fits = ({ path }: PageLink) => path !== "" && (rest === path || rest.startsWith(`${path}/`));
  // Reviews belong to the inbox.
  if (rest.startsWith(REVIEW)) return { workflowId: decodeURIComponent(workflowId), path: REVIEW };
  // The settings lead there.
  if (rest === IMPORT) return { workflowId: decodeURIComponent(workflowId), path: SETTINGS };
  const path = WORKFLOW_PAGES.filter(fits).sort((a, b) => b.path.length - a.path.length)[0]?.path ?? "";
  return { workflowId: decodeURIComponent(workflowId), path };
}
