/** Webhooks of a workflow. Only owners may use them. */
import { client, unwrap } from "./http";
import type { DeadLetterPage, DeliveryPage, Webhook, WebhookChange, WebhookTestResult } from "./types";

const webhookPath = (id: string) => ({ params: { path: { id } } });

export const webhooks = {
  list: async (workflow_id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/webhooks", { params: { query: { workflow_id } }, signal }))).webhooks as Webhook[],
  create: (workflow_id: string, url: string, events: string[]) =>
    unwrap(client.POST("/api/webhooks", { body: { workflow_id, url, events } })),
  update: (id: string, body: WebhookChange) =>
    unwrap(client.PATCH("/api/webhooks/{id}", { ...webhookPath(id), body })) as Promise<Webhook>,
  resume: (id: string) => unwrap(client.POST("/api/webhooks/{id}/resume", webhookPath(id))) as Promise<Webhook>,
  test: (id: string) => unwrap(client.POST("/api/webhooks/{id}/test", webhookPath(id))) as Promise<WebhookTestResult>,
  remove: (id: string) => unwrap(client.DELETE("/api/webhooks/{id}", webhookPath(id))),
  rotateSecret: async (id: string) =>
    (await unwrap(client.POST("/api/webhooks/{id}/rotate-secret", { ...webhookPath(id), body: {} }))).secret,
  deadLetters: (id: string, cursor?: string, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/webhooks/{id}/dead-letters", { params: { path: { id }, query: { limit: 20, cursor } }, signal }),
    ) as Promise<DeadLetterPage>,
  replay: (id: string, dead_letter_id: string) =>
    unwrap(
      client.POST("/api/webhooks/{id}/dead-letters/{dead_letter_id}/replay", {
        params: { path: { id, dead_letter_id } },
      }),
    ) as Promise<WebhookTestResult>,
  discard: (id: string, dead_letter_id: string) =>
    unwrap(
      client.DELETE("/api/webhooks/{id}/dead-letters/{dead_letter_id}", { params: { path: { id, dead_letter_id } } }),
    ),
  deliveries: (id: string, cursor?: string, signal?: AbortSignal) =>
    unwrap(
      client.GET("/api/webhooks/{id}/deliveries", { params: { path: { id }, query: { limit: 20, cursor } }, signal }),
    ) as Promise<DeliveryPage>,
};
