import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { explain } from "@/api";
import { useWorkflows } from "@/api/hooks";
import type { Approval, Workflow } from "@/api/types";
import { useWatchAll } from "@/live/context";
import { ask } from "@/ui/ask";
import { useShortcuts } from "@/ui/shortcuts";
import { Empty, Kbd, Notice, Spinner } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { ApprovalCard } from "./approval-card";
import { isYesOrNo } from "./decision-form";
import { useDecide, useMayDecide, usePending } from "./use-approvals";

/** Everything that waits for somebody, oldest first: who asked first is answered first. */
export function InboxPage({ focus }: { focus: string | undefined }) {
  const { pending, isPending, isError, error } = usePending();
  const { data: workflows } = useWorkflows();
  const { decide } = useDecide();
  const mayDecide = useMayDecide();
  const shown = useMemo(() => [...pending].sort((a, b) => (a.created_at < b.created_at ? -1 : 1)), [pending]);
  const [currentId, setCurrent] = useState(focus);
  const at = shown.findIndex(({ id }) => id === currentId);
  const current = shown[at];
  useWatchAll(useMemo(() => newestFirst(workflows ?? []), [workflows]));
  useTitle(shown.length > 0 ? `${shown.length} waiting · Approvals` : "Approvals");

  useEffect(() => {
    if (currentId) {
      const card = document.querySelector<HTMLElement>(`[data-approval="${CSS.escape(currentId)}"]`);
      card?.focus();
    }
  }, [currentId]);
  const step = (by: number) => (event: KeyboardEvent) => {
    event.preventDefault();
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))] ?? shown[0];
    if (next) setCurrent(next.id);
  };
  const choose = (n: number) => () => {
    const answer = current?.options[n - 1];
    if (current && answer && mayDecide(current)) void decide(current, "answer", { answer });
  };
  const reject = async (approval: Approval) => {
    const reason = await ask({
      title: "Reject",
      description: approval.question,
      label: "Why not?",
      submit: "Reject",
    });
    if (reason !== null) await decide(approval, "reject", { reason });
  };
  useShortcuts({
    j: step(1),
    k: step(-1),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    a: () => {
      if (current && mayDecide(current) && isYesOrNo(current)) void decide(current, "approve");
    },
    r: (event) => {
      if (!current || !mayDecide(current) || !isYesOrNo(current)) return;
      event.preventDefault();
      void reject(current);
    },
    c: (event) => {
      event.preventDefault();
      document.querySelector<HTMLElement>(`[data-approval="${CSS.escape(current?.id ?? "")}"] textarea`)?.focus();
    },
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [String(n), choose(n)])),
  });

  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-4 px-4 pt-6 pb-16">
        <div className="flex flex-wrap items-end justify-between gap-2">
          <div>
            <h1 className="font-semibold text-lg tracking-tight">Approvals</h1>
            <p className="text-muted-foreground text-xs">What agents and people ask you, in all your workflows.</p>
          </div>
          {shown.length > 0 && (
            <p className="hidden items-center gap-1 text-muted-foreground text-xs md:flex">
              <Kbd>J</Kbd> <Kbd>K</Kbd> choose, <Kbd>A</Kbd> approve, <Kbd>R</Kbd> reject, <Kbd>C</Kbd> write,{" "}
              <Kbd>1</Kbd>–<Kbd>9</Kbd> take an option
            </p>
          )}
        </div>
        {isPending && <Spinner label="Loading what waits…" />}
        {isError && <Notice tone="danger">{explain(error)}</Notice>}
        {!isPending && !isError && shown.length === 0 && (
          <Empty icon={<Inbox className="size-6" />} title="Nothing waits for you">
            When an agent asks a person, or a ticket waits for review, it stands here, and the agent goes on when you
            have answered.
          </Empty>
        )}
        <div className="grid gap-3">
          {shown.map((approval) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: only notes which one was touched; the keys do the same
            <div key={approval.id} onFocus={() => setCurrent(approval.id)}>
              <ApprovalCard
                approval={approval}
                current={approval.id === currentId}
                place={
                  <Place approval={approval} name={workflows?.find(({ id }) => id === approval.workflow_id)?.name} />
                }
              />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** Workflows to hear of live; the list is asked for now and then where there are more. */
const MOST_HEARD = 50;

function newestFirst(workflows: readonly Workflow[]): string[] {
  return workflows
    .toSorted((a, b) => (a.created_at > b.created_at ? -1 : 1))
    .slice(0, MOST_HEARD)
    .map(({ id }) => id);
}

const link = "rounded text-accent-foreground hover:underline";

function Place({ approval, name }: { approval: Approval; name: string | undefined }) {
  const { workflow_id: workflowId, ticket_id: ticketId, job_id: jobId } = approval;
  return (
    <>
      {ticketId && (
        <Link
          to="/w/$workflowId/t/$ticketId"
          params={{ workflowId, ticketId }}
          search={{}}
          className={`${link} tabular`}
          title={approval.ticket_title ?? undefined}
        >
          {approval.ticket_key}
        </Link>
      )}
      {jobId && (
        <Link to="/w/$workflowId/jobs/$jobId" params={{ workflowId, jobId }} search={{}} className={link}>
          Job
        </Link>
      )}
      {name && (
        <Link to="/w/$workflowId" params={{ workflowId }} search={{}} className={`${link} max-w-48 truncate`}>
          {name}
        </Link>
      )}
    </>
  );
}
