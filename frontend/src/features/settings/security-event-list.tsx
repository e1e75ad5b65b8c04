import { useInfiniteQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { explain, securityEvents } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { SecurityEvent } from "@/api/types";
import { cn } from "@/ui/cn";
import { NativeSelect } from "@/ui/field";
import { VisibleText } from "@/ui/invisible";
import { panelClass } from "@/ui/section";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { actorOf, describeSecurityEvent, detailsOf, KIND_GROUPS } from "./security-event-text";

const PAGE_SIZE = 50;

/** Security events of a workflow, or of the installation. */
export function SecurityEventList({ workflowId }: { workflowId?: string }) {
  const [group, setGroup] = useState("");
  const kind = KIND_GROUPS.find(([name]) => name === group)?.[1].join(",");
  const list = useInfiniteQuery({
    queryKey: queryKeys.securityEvents(workflowId ?? null, kind ?? null),
    queryFn: ({ pageParam, signal }) =>
      securityEvents.list({ workflow_id: workflowId, kind, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
  });
  const events = list.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <>
      <NativeSelect
        aria-label="Kind of event"
        className="max-w-48"
        value={group}
        onChange={(event) => setGroup(event.target.value)}
      >
        <option value="">All events</option>
        {KIND_GROUPS.map(([name]) => (
          <option key={name}>{name}</option>
        ))}
      </NativeSelect>
      {list.isPending && <Spinner label="Loading events…" />}
      {list.isError && events.length === 0 && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.isSuccess && events.length === 0 && <Empty title="No events">Nothing of this kind is recorded.</Empty>}
      {events.length > 0 && (
        <ul aria-label="Events" className={`${panelClass} divide-y`}>
          {events.map((event) => (
            <EventRow key={event.id} event={event} showWorkflow={workflowId === undefined} />
          ))}
        </ul>
      )}
      <ShowMore list={list} className="justify-self-center" />
    </>
  );
}

function EventRow({ event, showWorkflow }: { event: SecurityEvent; showWorkflow: boolean }) {
  const failed = event.outcome === "failed";
  const Icon = failed ? ShieldAlert : ShieldCheck;
  const workflow = showWorkflow && event.workflow_name ? `in ${event.workflow_name}` : "";
  const notes = [workflow, event.address && `from ${event.address}`, detailsOf(event)].filter(Boolean).join(" · ");
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <span role="img" aria-label={failed ? "Failed" : "Succeeded"} className="mt-0.5 shrink-0">
        <Icon aria-hidden="true" className={cn("size-4", failed ? "text-danger" : "text-muted-foreground")} />
      </span>
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <p>
          <span className="font-medium">
            <VisibleText text={actorOf(event)} />
          </span>{" "}
          <VisibleText text={describeSecurityEvent(event)} />
        </p>
        {notes && (
          <p className="text-muted-foreground text-xs">
            <VisibleText text={notes} />
          </p>
        )}
      </div>
      <TimeAgo at={event.occurred_at} className="shrink-0 text-muted-foreground text-xs" />
    </li>
  );
}
