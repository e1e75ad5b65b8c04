/** Addresses outside that are told what happens. */
import type { components } from "../schema.gen";
import type { Whole } from ".";

type Schemas = components["schemas"];

export type Webhook = Whole<Schemas["Webhook"]>;
export type WebhookChange = { url?: string; events?: string[]; active?: boolean };
export type WebhookTested = Whole<Schemas["WebhookTested"]>;
export type Delivery = Whole<Schemas["Delivery"]>;
export type DeliveryPage = { deliveries: Delivery[]; has_more: boolean; next_cursor?: string | null };
