import { ChevronRight, MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Webhook } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Menu, MenuItem } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { Deliveries } from "./deliveries";
import { useWebhookActions } from "./use-webhooks";
import { describeEvents } from "./webhook-events";

interface Props {
  webhook: Webhook;
  editable: boolean;
  onEdit: () => void;
}

/** A webhook with its status, actions and delivery log. */
export function WebhookRow({ webhook, editable, onEdit }: Props) {
  const { url, active, behind } = webhook;
  const [open, setOpen] = useState(false);
  const { toggle, test, remove } = useWebhookActions(webhook);
  const confirmAndRemove = async () => {
    const yes = await confirm({
      title: "Delete webhook?",
      description: `Events are no longer sent to ${url}. Its delivery log is deleted too.`,
      submit: "Delete webhook",
    });
    if (yes) remove.mutate();
  };
  return (
    <li data-webhook={webhook.id} className="grid grid-cols-[minmax(0,1fr)] gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="truncate font-medium" title={url}>
            {url}
          </p>
          <p className="flex flex-wrap gap-x-2 text-muted-foreground text-xs">
            <WebhookStatus webhook={webhook} />
            <span title={webhook.events.join(", ") || undefined}>{describeEvents(webhook.events)}</span>
            {behind > 0 && <span className="tabular">{plural(behind, "event")} pending</span>}
          </p>
        </div>
        <div className="flex items-center gap-1.5">
          {editable && (
            <>
              <Button size="sm" disabled={test.isPending} onClick={() => test.mutate()} aria-label={`Test ${url}`}>
                {test.isPending ? "Testing…" : "Test"}
              </Button>
              <Button
                size="sm"
                variant={active ? "outline" : "primary"}
                disabled={toggle.isPending}
                onClick={() => toggle.mutate(!active)}
                aria-label={`${active ? "Pause" : "Resume"} ${url}`}
              >
                {active ? "Pause" : "Resume"}
              </Button>
            </>
          )}
          {editable && (
            <Menu
              trigger={
                <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${url}`}>
                  <MoreHorizontal />
                </Button>
              }
            >
              <MenuItem onSelect={onEdit}>
                <Pencil /> Edit…
              </MenuItem>
              <MenuItem danger onSelect={() => void confirmAndRemove()}>
                <Trash2 /> Delete
              </MenuItem>
            </Menu>
          )}
        </div>
      </div>
      {!active && webhook.disabled_reason && (
        <p className="rounded-md bg-warning-soft first-letter:uppercase px-2.5 py-1.5 text-warning text-xs [overflow-wrap:anywhere]">
          {webhook.disabled_reason}
        </p>
      )}
      <button
        type="button"
        aria-expanded={open}
        aria-label={`Deliveries of ${url}`}
        onClick={() => setOpen((old) => !old)}
        className="flex items-center gap-1 justify-self-start rounded text-muted-foreground text-xs hover:text-foreground"
      >
        <ChevronRight aria-hidden="true" className={cn("size-3.5 transition-transform", open && "rotate-90")} />{" "}
        Deliveries
      </button>
      {open && <Deliveries webhookId={webhook.id} />}
    </li>
  );
}

function WebhookStatus({ webhook: { active, attempt, failing_since, next_attempt_at } }: { webhook: Webhook }) {
  if (!active) return <span className="font-medium text-warning">Paused</span>;
  if (attempt === 0 || !failing_since) return <span className="font-medium text-success">Active</span>;
  return (
    <span className="font-medium text-danger">
      Failing since <TimeAgo at={failing_since} />, {plural(attempt, "attempt")}
      {next_attempt_at && `, next at ${formatUpcoming(next_attempt_at)}`}
    </span>
  );
}
