import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { explain, fieldMessage, webhooks } from "@/api";
import type { Webhook } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";
import { WebhookEventPicker } from "./webhook-event-picker";
import { sameEvents } from "./webhook-events";

interface Props {
  workflowId: string;
  /** The webhook to edit. Without one, the dialog creates a webhook. */
  webhook?: Webhook;
  onClose: () => void;
  /** Receives the signing secret of a new webhook. */
  onSaved: (secret: string | null) => void;
}

const MAX_URL_LENGTH = 2_000;

export function WebhookDialog({ workflowId, webhook, onClose, onSaved }: Props) {
  const draft = useDraft(webhook ? `webhook.${webhook.id}` : `workflow.${workflowId}.new-webhook`, {
    url: webhook?.url ?? "",
    all: !webhook || webhook.events.length === 0,
    events: [...(webhook?.events ?? [])],
  });
  const { url, all } = draft.value;
  const chosen: ReadonlySet<string> = new Set(draft.value.events);
  const save = useMutation({
    mutationFn: async () => {
      const events = all ? [] : [...chosen];
      if (!webhook) return (await webhooks.create(workflowId, url.trim(), events)).secret;
      // Only what was changed, so that a stored event type which the server refuses does not affect the URL.
      await webhooks.update(webhook.id, {
        url: url.trim() === webhook.url ? undefined : url.trim(),
        events: sameEvents(events, webhook.events) ? undefined : events,
      });
      return null;
    },
    onSuccess: (secret) => {
      draft.clear();
      onSaved(secret);
    },
  });
  const wrongUrl = fieldMessage(save.error, "url");
  const wrongEvents = fieldMessage(save.error, "events");
  const ready = url.trim() !== "" && !save.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) save.mutate();
  };
  const edit = (change: Partial<typeof draft.value>) => {
    draft.set((old) => ({ ...old, ...change }));
    save.reset();
  };

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={webhook ? "Edit webhook" : "New webhook"}
      description="Events are sent in order as JSON POST requests. Failed deliveries are retried for three days, then the webhook is paused. Events that your server refuses (4xx) are set aside after three attempts."
      className="max-w-xl"
    >
      <form data-draft onSubmit={submit} noValidate className="grid gap-4">
        <DraftNote draft={draft} what="webhook" />
        {save.isError && !wrongUrl && !wrongEvents && <Notice tone="danger">{explain(save.error)}</Notice>}
        <Field label="URL" hint="A public http:// or https:// URL." error={wrongUrl && `The URL ${wrongUrl}.`}>
          {(control) => (
            <Input
              {...control}
              type="url"
              inputMode="url"
              autoFocus
              required
              maxLength={MAX_URL_LENGTH}
              value={url}
              onChange={(event) => edit({ url: event.target.value })}
            />
          )}
        </Field>
        <WebhookEventPicker
          all={all}
          chosen={chosen}
          error={wrongEvents}
          onAll={(next) => edit({ all: next })}
          onChosen={(next) => edit({ events: [...next] })}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={!ready}>
            {webhook ? "Save changes" : "Create webhook"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
