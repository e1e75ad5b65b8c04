import { CircleCheck, CircleX } from "lucide-react";
import { explain } from "@/api";
import type { Delivery } from "@/api/types";
import { LOCALE } from "@/ui/locale";
import { ShowMore } from "@/ui/show-more";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useDeliveries } from "./use-webhooks";

/** Delivery attempts of a webhook, newest first. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const list = useDeliveries(webhookId);
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  if (list.isPending) return <Spinner label="Loading deliveries…" className="p-3" />;
  if (list.isError && deliveries.length === 0) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (deliveries.length === 0) {
    return <p className="text-muted-foreground text-xs">No deliveries yet. Send a test to check the URL.</p>;
  }
  return (
    <div className="grid gap-2">
      <ul aria-label="Deliveries" className="divide-y rounded-lg border bg-sunken text-xs">
        {deliveries.map((delivery) => (
          <DeliveryRow key={delivery.delivery_id} delivery={delivery} />
        ))}
      </ul>
      <ShowMore list={list} size="sm" className="justify-self-start" />
    </div>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { delivered, event_type, seq, attempt, status_code, error, duration_ms, attempted_at } = delivery;
  const Icon = delivered ? CircleCheck : CircleX;
  return (
    <li className="grid gap-0.5 px-3 py-1.5">
      <div className="flex flex-wrap items-center gap-x-2">
        <span
          role="img"
          aria-label={delivered ? "Delivered" : "Failed"}
          className={delivered ? "text-success" : "text-danger"}
        >
          <Icon aria-hidden="true" className="size-3.5" />
        </span>
        <span className="font-mono">{event_type}</span>
        {seq !== null && <span className="tabular text-muted-foreground">#{seq}</span>}
        {attempt > 1 && <span className="tabular text-muted-foreground">attempt {attempt}</span>}
        <span className="tabular ml-auto flex gap-2 text-muted-foreground">
          {status_code !== null && <span>{status_code}</span>}
          <span>{duration_ms.toLocaleString(LOCALE)} ms</span>
          <TimeAgo at={attempted_at} />
        </span>
      </div>
      {error && <p className="pl-5.5 text-danger [overflow-wrap:anywhere]">{error}</p>}
    </li>
  );
}
