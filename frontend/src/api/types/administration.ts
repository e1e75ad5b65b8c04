/** The whole server, as administrators see it. */
import type { Account, ActorKind, ApiKey, User } from "./account";
import type { Complete, Schemas } from "./schema";
import type { Webhook } from "./webhook";

export type Registration = "open" | "invite" | "off";
export type RegistrationPolicy = { registration: Registration; configured: Registration };

export type ServerState = Omit<Complete<Schemas["Server"]>, "registration"> & { registration: RegistrationPolicy };

export type AccountPage = { users: Account[]; has_more: boolean; next_cursor?: string | null };
/** A link that sets a password; shown once. */
export type PasswordLink = {
  token: string;
  url?: string | null;
  user: User;
  expires_at: string;
  revokes_keys: boolean;
};

export type KeyWithLineage = ApiKey & { created_by_name: string | null; created_by_key_name: string | null };
export type ActorWithKeys = Omit<Complete<Schemas["ActorWithKeys"]>, "kind" | "keys"> & {
  kind: ActorKind;
  keys: KeyWithLineage[];
};
export type ActorPage = { actors: ActorWithKeys[]; has_more: boolean; next_cursor?: string | null };

export type WebhookState = "working" | "failing" | "paused";
export type ServerWebhook = Webhook & {
  workflow_name: string;
  state: WebhookState;
  last_delivery: Complete<Schemas["LastDelivery"]> | null;
};
export type ServerWebhookPage = { webhooks: ServerWebhook[]; has_more: boolean; next_cursor?: string | null };
