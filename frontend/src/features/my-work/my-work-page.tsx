import { Link } from "@tanstack/react-router";
import { CircleUserRound } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { explain } from "@/api";
import { useMe } from "@/api/hooks";
import type { Workflow } from "@/api/types";
import { Button } from "@/ui/button";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Empty, Notice, Spinner } from "@/ui/states";
import { useShortcuts } from "@/ui/use-shortcuts";
import { useTitle } from "@/ui/use-title";
import { MAX_PAGES, useMyWork } from "./use-my-work";
import { WorkflowSection } from "./workflow-section";

/** Workflows that are read at once; the next ones on request. */
const STEP = 30;

interface Props {
  /** In the order in which they are shown. */
  workflows: readonly Workflow[];
  loading: boolean;
  error: Error | null;
}

/** The open tickets that are assigned to the user, in all workflows. */
export function MyWorkPage({ workflows, loading, error }: Props) {
  useTitle("My work");
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-4 px-4 pt-6 pb-16">
        <div>
          <h1 className="font-semibold text-lg tracking-tight">My work</h1>
          <p className="text-muted-foreground text-xs">Open tickets that are assigned to you, in all your workflows.</p>
        </div>
        {loading && <Spinner label="Loading your tickets…" />}
        {error && workflows.length === 0 && <Notice tone="danger">{explain(error)}</Notice>}
        {!loading && !(error && workflows.length === 0) && <Tickets workflows={workflows} />}
      </div>
    </div>
  );
}

function Tickets({ workflows }: { workflows: readonly Workflow[] }) {
  const me = useMe()?.id ?? "";
  const [read, setRead] = useState(STEP);
  const [pages, setPages] = useState<ReadonlyMap<string, number>>(new Map());
  const shown = useMemo(() => workflows.slice(0, read), [workflows, read]);
  const ids = useMemo(() => shown.map(({ id }) => id), [shown]);
  const results = useMyWork(ids, me, pages);
  useSelectionKeys();
  const showMore = useCallback(
    (id: string) => setPages((old) => new Map(old).set(id, Math.min((old.get(id) ?? 1) + 1, MAX_PAGES))),
    [],
  );

  const pending = results.some(({ isPending }) => isPending);
  const failed = results.filter(({ isError, data }) => isError && !data);
  const total = results.reduce((sum, { data }) => sum + (data?.total ?? 0), 0);
  if (pending && total === 0) return <Spinner label="Loading your tickets…" />;
  return (
    <>
      {failed.length > 0 && (
        <Notice tone="danger">
          <span className="flex flex-wrap items-center justify-between gap-2">
            <span>
              Could not load the tickets of {plural(failed.length, "workflow")}. {explain(failed[0]?.error)}
            </span>
            <Button size="sm" onClick={() => failed.forEach((result) => void result.refetch())}>
              Try again
            </Button>
          </span>
        </Notice>
      )}
      {total === 0 && failed.length === 0 && (
        <Empty
          icon={<CircleUserRound className="size-6" />}
          title="No tickets are assigned to you"
          action={<ChooseTicket workflows={workflows} />}
        >
          Tickets that you or others assign to you appear here, from every board.
        </Empty>
      )}
      {results.map(({ data, isFetching, isPlaceholderData }, index) => {
        const workflow = shown[index];
        return data && workflow ? (
          <WorkflowSection
            key={workflow.id}
            name={workflow.name}
            work={data}
            canShowMore={data.hasMore && (pages.get(workflow.id) ?? 1) < MAX_PAGES}
            loadingMore={isFetching && isPlaceholderData}
            onMore={showMore}
          />
        ) : null;
      })}
      {workflows.length > read && (
        <div className="flex items-center justify-center gap-3 text-muted-foreground text-xs">
          <span>
            {read.toLocaleString(LOCALE)} of {plural(workflows.length, "workflow")}
          </span>
          <Button size="sm" disabled={pending} onClick={() => setRead((old) => old + STEP)}>
            {pending ? "Loading…" : "Show more workflows"}
          </Button>
        </div>
      )}
    </>
  );
}

/** Leads to where tickets can be assigned: the only board, or the list of them. */
function ChooseTicket({ workflows }: { workflows: readonly Workflow[] }) {
  const [first, ...others] = workflows;
  return (
    <Button asChild variant="primary">
      {first && others.length === 0 ? (
        <Link to="/w/$workflowId" params={{ workflowId: first.id }} search={{}}>
          Choose a ticket
        </Link>
      ) : (
        <Link to="/workflows">{first ? "Choose a board" : "Create a workflow"}</Link>
      )}
    </Button>
  );
}

/** Moves the focus between the tickets. */
function useSelectionKeys(): void {
  const step = (by: number) => (event: KeyboardEvent) => {
    const links = [...document.querySelectorAll<HTMLElement>("main [data-ticket] a")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = links[Math.min(links.length - 1, Math.max(0, at + by))] ?? links[0];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  useShortcuts({
    j: { label: "Next and previous ticket", group: "My work", keys: ["j", "k"], run: step(1) },
    k: step(-1),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    Enter: { label: "Open the ticket", group: "My work" },
  });
}
