/** Webhooks of a workflow, for its owners. */
import { answer, client } from "./http";
import type { DeliveryPage, Webhook, WebhookChange, WebhookTested } from "./types";

const webhookPath = (id: string) => ({ params: { path: { id } } });

export const webhooks = {
  list: async (workflow_id: string, signal?: AbortSignal) =>
    (await answer(client.GET("/api/webhooks", { params: { query: { workflow_id } }, signal }))).webhooks as Webhook[],
  create: (workflow_id: string, url: string, events: string[]) =>
    answer(client.POST("/api/webhooks", { body: { workflow_id, url, events } })),
  update: (id: string, body: WebhookChange) =>
    answer(client.PATCH("/api/webhooks/{id}", { ...webhookPath(id), body })) as Promise<Webhook>,
  resume: (id: string) => answer(client.POST("/api/webhooks/{id}/resume", webhookPath(id))) as Promise<Webhook>,
  test: (id: string) => answer(client.POST("/api/webhooks/{id}/test", webhookPath(id))) as Promise<WebhookTested>,
  remove: (id: string) => answer(client.DELETE("/api/webhooks/{id}", webhookPath(id))),
  deliveries: (id: string, cursor?: number, signal?: AbortSignal) =>
    answer(
      client.GET("/api/webhooks/{id}/deliveries", { params: { path: { id }, query: { limit: 20, cursor } }, signal }),
    ) as Promise<DeliveryPage>,
};
