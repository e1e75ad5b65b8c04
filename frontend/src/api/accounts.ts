/** Sign-in options, sessions, API keys, agents and invites. `session.ts` holds the sign-in itself. */
import { client, fetchAllPages, unwrap } from "./http";
import type {
  Agent,
  ApiKey,
  AuthOptions,
  InviteLink,
  InviteOffer,
  Membership,
  MembershipInvitation,
  Role,
  SentInvitation,
  Session,
  ToolSetup,
} from "./types";

/** In characters. The server takes no shorter password, and of those below 12 characters only what is hard to guess. */
export const MIN_PASSWORD_LENGTH = 10;

export const auth = {
  options: (signal?: AbortSignal) => unwrap(client.GET("/api/auth/options", { signal })) as Promise<AuthOptions>,
  sessions: async (signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/auth/sessions", { signal }))).sessions as Session[],
  endSession: (id: string) => unwrap(client.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } })),
  changePassword: (current_password: string, new_password: string) =>
    unwrap(client.POST("/api/auth/password", { body: { current_password, new_password } })),
  wsTicket: () => unwrap(client.POST("/api/auth/ws-ticket")),
};

export const keys = {
  list: async (signal?: AbortSignal) => (await unwrap(client.GET("/api/keys", { signal }))).keys as ApiKey[],
  create: (name: string, actor_id?: string) => unwrap(client.POST("/api/keys", { body: { name, actor_id } })),
  revoke: (id: string) => unwrap(client.DELETE("/api/keys/{id}", { params: { path: { id } } })),
};

export const agents = {
  list: (signal?: AbortSignal) =>
    fetchAllPages(
      (cursor) => unwrap(client.GET("/api/agents", { params: { query: { limit: 200, cursor } }, signal })),
      (page) => page.agents as Agent[],
    ),
  create: (name: string, workflow_id: string) =>
    unwrap(client.POST("/api/agents", { body: { name, workflows: [workflow_id] } })),
  setDisabled: (id: string, disabled: boolean) =>
    unwrap(client.PATCH("/api/agents/{id}", { params: { path: { id } }, body: { disabled } })),
  /** How the known coding agents are connected; the texts contain `{url}` and `{key}`. */
  setup: async (signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/agent-setup", { signal }))).tools as ToolSetup[],
  memberships: async (id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/agents/{id}/memberships", { params: { path: { id } }, signal })))
      .memberships as Membership[],
};

/** Memberships that wait for the consent of the invited person, or of the agent's owner. */
export const invitations = {
  toDecide: async (signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/membership-invitations", { signal }))).invitations as MembershipInvitation[],
  accept: (id: string) => unwrap(client.POST("/api/membership-invitations/{id}/accept", { params: { path: { id } } })),
  decline: (id: string) =>
    unwrap(client.POST("/api/membership-invitations/{id}/decline", { params: { path: { id } } })),
  sent: async (id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/workflows/{id}/invitations", { params: { path: { id } }, signal })))
      .invitations as SentInvitation[],
  withdraw: (id: string, invitation: string) =>
    unwrap(client.DELETE("/api/workflows/{id}/invitations/{invitation}", { params: { path: { id, invitation } } })),
};

export const invites = {
  create: (workflow_id: string, role: Role) => unwrap(client.POST("/api/invites", { body: { workflow_id, role } })),
  /** What an invitation is for; needs no account. */
  lookUp: (invite: string, signal?: AbortSignal) =>
    unwrap(client.POST("/api/invites/look-up", { body: { invite }, signal })) as Promise<InviteOffer>,
  accept: (invite: string) => unwrap(client.POST("/api/invites/accept", { body: { invite } })),
  links: async (id: string, signal?: AbortSignal) =>
    (await unwrap(client.GET("/api/workflows/{id}/invite-links", { params: { path: { id } }, signal })))
      .links as InviteLink[],
  withdraw: (id: string, invite: string) =>
    unwrap(client.DELETE("/api/workflows/{id}/invite-links/{invite}", { params: { path: { id, invite } } })),
};
