/** People and the whole server, for administrators. */
import { client, unwrap } from "./http";
import type {
  AccountPage,
  ActorPage,
  PasswordLink,
  Registration,
  RegistrationPolicy,
  ServerState,
  ServerWebhookPage,
  Session,
  WebhookState,
} from "./types";

interface Page {
  limit?: number | undefined;
  cursor?: string | undefined;
}

const ofPerson = (id: string) => ({ params: { path: { id } } });

export const users = {
  list: (query: Page & { search?: string | undefined }, signal?: AbortSignal) =>
    unwrap(client.GET("/api/users", { params: { query }, signal })) as Promise<AccountPage>,
  setDisabled: (id: string, disabled: boolean) =>
    disabled
      ? unwrap(client.POST("/api/users/{id}/disable", ofPerson(id)))
      : unwrap(client.POST("/api/users/{id}/enable", ofPerson(id))),
  createPasswordLink: (id: string, expires_in_hours: number, revoke_keys: boolean) =>
    unwrap(
      client.POST("/api/users/{id}/password-reset", { ...ofPerson(id), body: { expires_in_hours, revoke_keys } }),
    ) as Promise<PasswordLink>,
  sessions: async (id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/users/{id}/sessions", { ...ofPerson(id), signal }))).sessions as Session[],
  endSessions: (id: string) => unwrap(client.DELETE("/api/users/{id}/sessions", ofPerson(id))),
};

export const server = {
  state: (signal?: AbortSignal) => unwrap(client.GET("/api/server", { signal })) as Promise<ServerState>,
  actors: (query: Page & { owner_id?: string | undefined; search?: string | undefined }, signal?: AbortSignal) =>
    unwrap(client.GET("/api/server/agents", { params: { query }, signal })) as Promise<ActorPage>,
  webhooks: (query: Page & { state?: WebhookState | undefined }, signal?: AbortSignal) =>
    unwrap(client.GET("/api/server/webhooks", { params: { query }, signal })) as Promise<ServerWebhookPage>,
  setRegistration: (registration: Registration) =>
    unwrap(client.PATCH("/api/server/registration", { body: { registration } })) as Promise<RegistrationPolicy>,
};
