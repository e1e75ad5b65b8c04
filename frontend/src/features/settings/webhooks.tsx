import { useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Webhook } from "@/api/types";
import { Button } from "@/ui/button";
import { SecretDialog } from "@/ui/secret-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useWebhooks } from "./use-webhooks";
import { WebhookDialog } from "./webhook-dialog";
import { WebhookRow } from "./webhook-row";

/** Webhooks of a workflow. */
export function Webhooks({ workflowId, editable }: { workflowId: string; editable: boolean }) {
  const queries = useQueryClient();
  const list = useWebhooks(workflowId);
  const [edited, setEdited] = useState<Webhook | "new" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const saved = (made: string | null) => {
    setEdited(null);
    if (made) setSecret(made);
    else toast.success("Webhook saved");
    void queries.invalidateQueries({ queryKey: queryKeys.webhooks(workflowId) });
  };
  return (
    <Section
      title="Webhooks"
      intro="Send events to your own URLs, signed and in order."
      action={
        editable && (
          <Button onClick={() => setEdited("new")}>
            <Plus /> Add webhook
          </Button>
        )
      }
    >
      {list.isPending && <Spinner label="Loading webhooks…" />}
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.data?.length === 0 && (
        <p className={`${panelClass} px-4 py-3 text-muted-foreground`}>
          No webhooks yet.{" "}
          {editable ? "Add one to tell a chat, a build or your own service what happens here." : "Owners add them."}
        </p>
      )}
      {list.data && list.data.length > 0 && (
        <ul aria-label="Webhooks" className={`${panelClass} divide-y`}>
          {list.data.map((webhook) => (
            <WebhookRow
              key={webhook.id}
              webhook={webhook}
              editable={editable}
              onEdit={() => setEdited(webhook)}
              onRotated={setSecret}
            />
          ))}
        </ul>
      )}
      {edited && (
        <WebhookDialog
          workflowId={workflowId}
          webhook={edited === "new" ? undefined : edited}
          onClose={() => setEdited(null)}
          onSaved={saved}
        />
      )}
      <SecretDialog
        title="Webhook secret"
        description="Copy it now. It will not be shown again."
        label="Signing secret"
        secret={secret}
        onClose={() => setSecret(null)}
      >
        <p className="mt-3 text-muted-foreground text-xs">
          Requests are signed according to Standard Webhooks: the webhook-signature header covers webhook-id,
          webhook-timestamp and the body. Libraries for most languages can verify it.
        </p>
      </SecretDialog>
    </Section>
  );
}
