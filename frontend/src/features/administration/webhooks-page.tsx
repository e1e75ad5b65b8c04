import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { explain, server } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ServerWebhook, WebhookState } from "@/api/types";
import { cn } from "@/ui/cn";
import { NativeSelect } from "@/ui/field";
import { plural } from "@/ui/plural";
import { panelClass, Section } from "@/ui/section";
import { ShowMore } from "@/ui/show-more";
import { Empty, Notice, Spinner } from "@/ui/states";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { AdministrationPage } from "./administration-page";

const PAGE_SIZE = 50;
const STATES: ReadonlyArray<readonly [WebhookState, string]> = [
  ["working", "Working"],
  ["failing", "Failing"],
  ["paused", "Paused"],
];

/** The webhooks of all workflows. Their workflows' settings change them. */
export function ServerWebhooksPage() {
  const [state, setState] = useState<WebhookState | "">("");
  const list = useInfiniteQuery({
    queryKey: queryKeys.serverWebhooks(state || null),
    queryFn: ({ pageParam, signal }) =>
      server.webhooks({ state: state || undefined, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
  });
  const webhooks = list.data?.pages.flatMap((page) => page.webhooks) ?? [];
  return (
    <AdministrationPage title="Webhooks">
      <Section
        title="Webhooks"
        intro="Of all workflows, newest first. To test, pause or change one, open the settings of its workflow."
      >
        <NativeSelect
          aria-label="State"
          className="max-w-48"
          value={state}
          onChange={(event) => setState(event.target.value as WebhookState | "")}
        >
          <option value="">All states</option>
          {STATES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </NativeSelect>
        {list.isPending && <Spinner label="Loading webhooks…" />}
        {list.isError && webhooks.length === 0 && <Notice tone="danger">{explain(list.error)}</Notice>}
        {list.isSuccess && webhooks.length === 0 && (
          <Empty title="No webhooks">
            {state ? "None is in this state." : "Owners add webhooks in the settings of their workflows."}
          </Empty>
        )}
        {webhooks.length > 0 && (
          <ul aria-label="Webhooks" className={`${panelClass} divide-y`}>
            {webhooks.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} />
            ))}
          </ul>
        )}
        <ShowMore list={list} className="justify-self-center" />
      </Section>
    </AdministrationPage>
  );
}

const TONES: Record<WebhookState, string> = {
  working: "text-success",
  failing: "text-danger",
  paused: "text-muted-foreground",
};

function WebhookRow({ webhook }: { webhook: ServerWebhook }) {
  const { url, state, workflow_id, workflow_name, behind, last_delivery, disabled_reason } = webhook;
  const refused = webhook.dead_letters ?? 0;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-0.5 px-4 py-2.5">
      <div className="flex items-baseline gap-3">
        <p dir="auto" className="min-w-0 flex-1 truncate font-medium" title={url}>
          {url}
        </p>
        <span className={cn("shrink-0 font-medium text-xs", TONES[state])}>
          {STATES.find(([value]) => value === state)?.[1]}
        </span>
      </div>
      <p className="text-muted-foreground text-xs [overflow-wrap:anywhere]">
        <Link
          to="/w/$workflowId/settings"
          params={{ workflowId: workflow_id }}
          aria-label={`Settings of ${workflow_name}`}
          className="text-accent-foreground underline underline-offset-3"
        >
          {workflow_name}
        </Link>
        {" · "}
        {last_delivery ? (
          <>
            {last_delivery.delivered ? "delivered " : "failed "}
            <TimeAgo at={last_delivery.attempted_at} />
            {` (${[last_delivery.status_code, !last_delivery.delivered && last_delivery.error].filter(Boolean).join(", ")})`}
          </>
        ) : (
          "nothing sent yet"
        )}
        {behind > 0 && <span className="tabular"> · {plural(behind, "event")} pending</span>}
        {webhook.next_attempt_at && ` · next attempt ${formatUpcoming(webhook.next_attempt_at)}`}
        {refused > 0 && <span className="tabular text-danger"> · {plural(refused, "refused event")}</span>}
        {state === "paused" && disabled_reason && ` · ${disabled_reason}`}
      </p>
    </li>
  );
}
