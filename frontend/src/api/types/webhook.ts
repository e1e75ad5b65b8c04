/** Webhooks and their deliveries. */
import type { Complete, Schemas } from "./schema";

export type Webhook = Complete<Schemas["Webhook"]> & {
  dead_letters?: number;
  previous_secret_expires_at?: string | null;
};
export type WebhookChange = { url?: string; events?: string[]; active?: boolean };
export type WebhookTestResult = Complete<Schemas["WebhookTested"]>;
export type Delivery = Complete<Schemas["Delivery"]>;
export type DeadLetter = Complete<Schemas["DeadLetter"]>;
export type DeadLetterPage = { dead_letters: DeadLetter[]; has_more: boolean; next_cursor?: string | null };
export type DeliveryPage = { deliveries: Delivery[]; has_more: boolean; next_cursor?: string | null };
