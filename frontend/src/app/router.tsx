import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { type Filter, readFilter } from "@/features/board/filter";
import { type Comparison, readComparison } from "@/features/board/past/comparison";
import { readJobListState } from "@/features/jobs/job-list-state";
import { readSearchState } from "@/features/search/search-state";
import { readStatisticsState } from "@/features/statistics/statistics-state";
import { loadPart } from "@/ui/load-part";
import { BoardRoute } from "./board-route";
import { CrashPage, NotFoundPage } from "./error-pages";
import { RequireSession } from "./require-session";
import { Shell } from "./shell";

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** A page that is loaded when it is opened. */
const page: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => loadPart(load), name);

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage, errorComponent: CrashPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: nonEmpty(search.next) }),
  component: page(() => import("@/features/auth/sign-in-page"), "SignInPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: (search: Record<string, unknown>): { invite?: string } => ({ invite: nonEmpty(search.invite) }),
  component: page(() => import("@/features/auth/register-page"), "RegisterPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({ token: nonEmpty(search.token) }),
  component: page(() => import("@/features/auth/setup-page"), "SetupPage"),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({ token: nonEmpty(search.token) }),
  component: page(() => import("@/features/auth/reset-password-page"), "ResetPasswordPage"),
});

const authenticated = createRoute({ getParentRoute: () => root, id: "inside", component: RequireSession });
const shell = createRoute({ getParentRoute: () => authenticated, id: "shell", component: Shell });

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { workflow?: string } => ({ workflow: nonEmpty(search.workflow) }),
  component: page(() => import("./home-route"), "HomeRoute"),
});

const workflows = createRoute({
  getParentRoute: () => shell,
  path: "/workflows",
  component: page(() => import("@/features/workflows/workflows-page"), "WorkflowsPage"),
});

/** The filter of a board, and the moment if it is one of the past. */
function readBoardSearch(search: Record<string, unknown>): Filter & { at?: string; compare?: Comparison } {
  const { at, compare } = search;
  const moment = typeof at === "number" ? String(at) : nonEmpty(at);
  return {
    ...readFilter(search),
    ...(moment === undefined ? {} : { at: moment, compare: readComparison(compare) }),
  };
}

const board = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId",
  validateSearch: readBoardSearch,
  component: BoardRoute,
});

const ticket = createRoute({ getParentRoute: () => board, path: "t/$ticketId" });

const search = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/search",
  validateSearch: readSearchState,
  component: page(() => import("./search-route"), "SearchRoute"),
});

const searchTicket = createRoute({ getParentRoute: () => search, path: "t/$ticketId" });

const jobs = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/jobs",
  validateSearch: readJobListState,
  component: page(() => import("./jobs-route"), "JobsRoute"),
});

const job = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/jobs/$jobId",
  validateSearch: readJobListState,
  component: page(() => import("./job-route"), "JobRoute"),
});

const agents = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/agents",
  component: page(() => import("./agents-route"), "AgentsRoute"),
});

const connect = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/agents/new",
  component: page(() => import("./connect-route"), "ConnectRoute"),
});

const apps = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/apps",
  component: page(() => import("./apps-route"), "AppsRoute"),
});

const app = createRoute({
  getParentRoute: () => shell,
  path: "/apps/$appId",
  component: page(() => import("./apps-route"), "AppRoute"),
});

const statistics = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/statistics",
  validateSearch: readStatisticsState,
  component: page(() => import("./statistics-route"), "StatisticsRoute"),
});

const inbox = createRoute({
  getParentRoute: () => shell,
  path: "/approvals",
  validateSearch: (search: Record<string, unknown>): { focus?: string; show?: "decided" } => ({
    focus: nonEmpty(search.focus),
    show: search.show === "decided" ? search.show : undefined,
  }),
  component: page(() => import("./inbox-route"), "InboxRoute"),
});

const review = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/review/$approvalId",
  component: page(() => import("./review-route"), "ReviewRoute"),
});

const myWork = createRoute({
  getParentRoute: () => shell,
  path: "/my-work",
  component: page(() => import("./my-work-route"), "MyWorkRoute"),
});

const boardSettings = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/settings",
  component: page(() => import("@/features/settings/board-settings-page"), "BoardSettingsPage"),
});

const boardEditor = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/settings/board",
  component: page(() => import("./board-editor-route"), "BoardEditorRoute"),
});

const importTickets = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/import",
  component: page(() => import("@/features/import/import-page"), "ImportPage"),
});

const workflowSecurity = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workflowId/settings/security",
  component: page(() => import("@/features/settings/security-events-page"), "SecurityEventsPage"),
});

const security = createRoute({
  getParentRoute: () => shell,
  path: "/settings/security",
  component: page(() => import("./server-security-route"), "ServerSecurityRoute"),
});

/** Where security events were before there was a section for administrators. */
const formerSecurity = createRoute({
  getParentRoute: () => shell,
  path: "/account/security",
  beforeLoad: () => {
    throw redirect({ to: "/settings/security", replace: true });
  },
});

const administration = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ to: "/settings/people", replace: true });
  },
});

const people = createRoute({
  getParentRoute: () => shell,
  path: "/settings/people",
  component: page(() => import("@/features/administration/people-page"), "PeoplePage"),
});

const agentsAndKeys = createRoute({
  getParentRoute: () => shell,
  path: "/settings/agents",
  component: page(() => import("@/features/administration/agents-page"), "AgentsAndKeysPage"),
});

const serverWebhooks = createRoute({
  getParentRoute: () => shell,
  path: "/settings/webhooks",
  component: page(() => import("@/features/administration/webhooks-page"), "ServerWebhooksPage"),
});

const server = createRoute({
  getParentRoute: () => shell,
  path: "/settings/server",
  component: page(() => import("@/features/administration/server-page"), "ServerPage"),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: page(() => import("@/features/settings/account-page"), "AccountPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    register,
    setup,
    resetPassword,
    authenticated.addChildren([
      shell.addChildren([
        home,
        workflows,
        board.addChildren([ticket]),
        search.addChildren([searchTicket]),
        jobs,
        job,
        agents,
        connect,
        apps,
        app,
        statistics,
        inbox,
        review,
        myWork,
        boardSettings,
        boardEditor,
        importTickets,
        workflowSecurity,
        account,
        administration,
        people,
        agentsAndKeys,
        serverWebhooks,
        server,
        security,
        formerSecurity,
      ]),
    ]),
  ]),
  defaultPreload: false,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
