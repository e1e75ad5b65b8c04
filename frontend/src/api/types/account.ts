/** People, agents and services, and how they sign in. */
import type { Complete, Schemas } from "./schema";

export type Role = Schemas["Role"];
export type ActorKind = "user" | "agent" | "service";

export interface User {
  id: string;
  email?: string | null;
  name: string;
  is_admin: boolean;
}

/** `user` is present after a sign-in, absent after a refresh. */
export type Tokens = Pick<Schemas["SignedIn"], "access" | "expires_in"> & { user?: User };

export type AuthOptions = Omit<Schemas["Options"], "registration"> & { registration: "open" | "invite" | "off" };

export type Member = Omit<Complete<Schemas["Member"]>, "kind" | "role"> & { kind: ActorKind; role: Role };
export type Agent = Pick<Schemas["Actor"], "id" | "name" | "owner_id" | "disabled_at"> & { kind: ActorKind };
export type ToolSetup = Complete<Schemas["ToolSetup"]>;
export type Membership = Complete<Schemas["AgentMembership"]>;
export type MembershipInvitation = Complete<Schemas["MembershipInvitation"]>;
export type SentInvitation = Complete<Schemas["SentInvitation"]>;

type InviteState = "open" | "used" | "expired" | "withdrawn" | "unauthorized";
/** What a holder of an invitation learns before having an account. */
export type InviteOffer = Omit<Complete<Schemas["InviteOffer"]>, "state" | "role"> & {
  state: InviteState;
  role: Role | null;
};
export type InviteLink = Omit<Complete<Schemas["InviteLink"]>, "state" | "role"> & { state: InviteState; role: Role };

export type Account = Complete<Schemas["Account"]>;

export type ApiKey = Complete<Schemas["ApiKey"]>;
export type Session = Complete<Schemas["Session"]>;
