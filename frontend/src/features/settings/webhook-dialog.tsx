import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { explain, Problem, webhooks } from "@/api";
import type { Webhook } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { EVENT_GROUPS, unknownEvents } from "./webhook-events";

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
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [all, setAll] = useState(!webhook || webhook.events.length === 0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(webhook?.events));
  const save = useMutation({
    mutationFn: async () => {
      const events = all ? [] : [...chosen];
      if (webhook)
        await webhooks.update(webhook.id, { url: url.trim() === webhook.url ? undefined : url.trim(), events });
      else return (await webhooks.create(workflowId, url.trim(), events)).secret;
      return null;
    },
    onSuccess: onSaved,
  });
  const wrongUrl =
    save.error instanceof Problem ? save.error.fields.find(({ field }) => field === "url")?.message : undefined;
  const ready = url.trim() !== "" && (all || chosen.size > 0) && !save.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) save.mutate();
  };
  const toggle = (event: string) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(event)) next.add(event);
      return next;
    });
  const unknown = unknownEvents(webhook?.events ?? []);
  const groups = unknown.length > 0 ? [...EVENT_GROUPS, ["Other", unknown] as const] : EVENT_GROUPS;

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={webhook ? "Edit webhook" : "New webhook"}
      description="Events are sent in order as JSON POST requests. Failed deliveries are retried for three days, then the webhook is paused. Events that your server refuses (4xx) are set aside after three attempts."
      className="max-w-xl"
    >
      <form onSubmit={submit} noValidate className="grid gap-4">
        {save.isError && !wrongUrl && <Notice tone="danger">{explain(save.error)}</Notice>}
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
              onChange={(event) => {
                setUrl(event.target.value);
                save.reset();
              }}
            />
          )}
        </Field>
        <fieldset className="grid gap-1.5">
          <legend className="mb-1.5 font-medium text-xs">Events</legend>
          <Choice label="All events" checked={all} onChange={() => setAll(true)} />
          <Choice label="Selected events" checked={!all} onChange={() => setAll(false)} />
        </fieldset>
        {!all && (
          <div className="scroll-thin grid max-h-72 gap-3 overflow-y-auto rounded-lg border bg-sunken p-3">
            {groups.map(([name, events]) => (
              <fieldset key={name}>
                <legend className="mb-1 font-medium text-2xs text-muted-foreground">{name}</legend>
                <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
                  {events.map((event) => (
                    <label key={event} className="flex items-center gap-2 font-mono text-xs">
                      <input
                        type="checkbox"
                        className="accent-primary"
                        checked={chosen.has(event)}
                        onChange={() => toggle(event)}
                      />
                      {event}
                    </label>
                  ))}
                </div>
              </fieldset>
            ))}
          </div>
        )}
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

function Choice({ label, checked, onChange }: { label: string; checked: boolean; onChange: () => void }) {
  return (
    <label className="flex items-center gap-2">
      <input type="radio" name="which-events" className="accent-primary" checked={checked} onChange={onChange} />
      {label}
    </label>
  );
}
