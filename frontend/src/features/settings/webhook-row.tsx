import { ChevronRight, KeyRound, MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Webhook } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Menu, MenuItem } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { DeadLetters } from "./dead-letters";
import { Deliveries } from "./deliveries";
import { useWebhookActions } from "./use-webhooks";
import { describeEvents } from "./webhook-events";

interface Props {
  webhook: Webhook;
  editable: boolean;
  onEdit: () => void;
  /** Receives the new signing secret. */
  onRotated: (secret: string) => void;
}

/** A webhook with its status, actions and delivery log. */
export function WebhookRow({ webhook, editable, onEdit, onRotated }: Props) {
  const { url, active, behind } = webhook;
  const [shown, setShown] = useState<"deliveries" | "dead letters" | null>(null);
  const { toggle, test, rotate, remove } = useWebhookActions(webhook);
  const confirmAndRotate = async () => {
    const yes = await confirm({
      title: "Rotate secret?",
      description: `Requests to ${url} are signed with a new secret. For a day the old one is valid too.`,
      submit: "Rotate secret",
    });
    if (yes) rotate.mutate(undefined, { onSuccess: onRotated });
  };
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
          <p dir="auto" className="truncate font-medium" title={url}>
            {url}
          </p>
          <p className="flex flex-wrap gap-x-2 text-muted-foreground text-xs">
            <WebhookStatus webhook={webhook} />
            <span title={webhook.events.join(", ") || undefined}>{describeEvents(webhook.events)}</span>
            {behind > 0 && <span className="tabular">{plural(behind, "event")} pending</span>}
            {webhook.previous_secret_expires_at && (
              <span>Old secret valid until {formatUpcoming(webhook.previous_secret_expires_at)}</span>
            )}
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
              <MenuItem onSelect={() => void confirmAndRotate()}>
                <KeyRound /> Rotate secret…
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
      <div className="flex gap-3">
        <Disclosure
          label={`Deliveries of ${url}`}
          open={shown === "deliveries"}
          onToggle={() => setShown((old) => (old === "deliveries" ? null : "deliveries"))}
        >
          Deliveries
        </Disclosure>
        {(webhook.dead_letters ?? 0) > 0 && (
          <Disclosure
            label={`Refused events of ${url}`}
            open={shown === "dead letters"}
            onToggle={() => setShown((old) => (old === "dead letters" ? null : "dead letters"))}
          >
            <span className="text-danger">{plural(webhook.dead_letters ?? 0, "refused event")}</span>
          </Disclosure>
        )}
      </div>
      {shown === "deliveries" && <Deliveries webhookId={webhook.id} />}
      {shown === "dead letters" && <DeadLetters webhookId={webhook.id} editable={editable} />}
    </li>
  );
}

interface DisclosureProps {
  label: string;
  open: boolean;
  onToggle: () => void;
  children: ReactNode;
}

function Disclosure({ label, open, onToggle, children }: DisclosureProps) {
  return (
    <button
      type="button"
      aria-expanded={open}
      aria-label={label}
      onClick={onToggle}
      className="flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
    >
      <ChevronRight aria-hidden="true" className={cn("size-3.5 transition-transform", open && "rotate-90")} />{" "}
      {children}
    </button>
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
