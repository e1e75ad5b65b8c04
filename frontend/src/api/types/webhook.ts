/** Webhooks and their deliveries. */
import type { Complete, Schemas } from "./schema";

export type Webhook = Complete<Schemas["Webhook"]>;
export type WebhookChange = { url?: string; events?: string[]; active?: boolean };
export type WebhookTestResult = Complete<Schemas["WebhookTested"]>;
export type Delivery = Complete<Schemas["Delivery"]>;
export type DeliveryPage = { deliveries: Delivery[]; has_more: boolean; next_cursor?: string | null };
