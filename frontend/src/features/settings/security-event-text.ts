/** Sentences about security events. */

import type { SecurityEvent } from "@/api/types";
import { browserName } from "@/ui/browser-name";
import { LOCALE } from "@/ui/locale";
import { formatTime } from "@/ui/time";

/** The kinds in groups, for the filter. */
export const KIND_GROUPS: ReadonlyArray<readonly [string, readonly string[]]> = [
  ["Sign-ins", ["sign_in", "sign_in_failed", "sign_out", "session_ended", "refresh_token_reused"]],
  [
    "Passwords",
    ["password_changed", "password_change_failed", "password_reset_created", "password_reset", "email_changed"],
  ],
  ["API keys", ["key_created", "key_first_used", "key_used", "key_refused", "key_changed", "key_revoked"]],
  [
    "Members",
    [
      "member_added",
      "member_role_changed",
      "member_removed",
      "invitation_created",
      "invitation_accepted",
      "invite_link_withdrawn",
    ],
  ],
  [
    "Accounts",
    [
      "person_created",
      "service_created",
      "actor_disabled",
      "actor_enabled",
      "owner_changed",
      "admin_granted",
      "admin_revoked",
    ],
  ],
  ["Exports and imports", ["export", "import"]],
  [
    "Settings",
    [
      "workflow_setting_changed",
      "setting_changed",
      "webhook_created",
      "webhook_updated",
      "webhook_deleted",
      "signing_key_created",
    ],
  ],
];

/** What happened, after the name of who did it: "Ada" "signed in". `{}` is the subject. */
const VERBS: Record<string, string> = {
  actor_disabled: "disabled {}",
  actor_enabled: "enabled {}",
  admin_granted: "made {} an administrator",
  admin_revoked: "ended {} being an administrator",
  email_changed: "changed the e-mail address of {}",
  export: "exported tickets",
  import: "imported an archive",
  invitation_accepted: "accepted an invitation",
  invitation_created: "created an invitation",
  invite_link_withdrawn: "withdrew an invite link",
  key_changed: "changed the API key {}",
  key_created: "created the API key {}",
  key_first_used: "used the API key {} for the first time",
  key_refused: "was refused with the API key {}",
  key_revoked: "revoked the API key {}",
  key_used: "used the API key {}",
  member_added: "added {} as a member",
  member_removed: "removed the member {}",
  member_role_changed: "changed the role of {}",
  owner_changed: "changed the owner of {}",
  password_change_failed: "gave a wrong current password",
  password_changed: "changed the password",
  password_reset: "reset the password of {}",
  password_reset_created: "created a link to reset the password of {}",
  person_created: "created the account of {}",
  refresh_token_reused: "presented a used refresh token of {}; the session was ended",
  service_created: "created the service {}",
  session_ended: "ended a session of {}",
  setting_changed: "changed the setting {}",
  sign_in: "signed in",
  sign_in_failed: "failed to sign in as {}",
  sign_out: "signed out",
  signing_key_created: "created a signing key",
  webhook_created: "created a webhook",
  webhook_deleted: "deleted a webhook",
  webhook_updated: "changed a webhook",
  workflow_setting_changed: "changed settings",
};

/** Who did it. */
export function actorOf(event: SecurityEvent): string {
  if (event.actor_name) return event.actor_name;
  if (event.actor_id?.startsWith("db:")) return `Database (${event.actor_id.slice(3)})`;
  return event.actor_id ?? "Someone";
}

/** A count of repeated events has no subject; its details list some. */
function unnamedSubject({ kind, details }: SecurityEvent): string {
  if (kind === "key_refused") return "(several)";
  return Array.isArray(details.subjects) && details.subjects.length > 0 ? "several accounts" : "an unknown account";
}

/** What they did. */
export function describeSecurityEvent(event: SecurityEvent): string {
  const verb = VERBS[event.kind] ?? event.kind.replaceAll("_", " ");
  const subject = event.subject_name ?? event.subject_id ?? unnamedSubject(event);
  const times = event.occurrences > 1 ? ` (${event.occurrences.toLocaleString(LOCALE)} times)` : "";
  return verb.replace("{}", subject) + times;
}

const LABELS: Record<string, string> = {
  expires_at: "expires",
  previous_role: "before",
  user_agent: "device",
  is_admin: "administrator",
  ended_session: "session",
};

function formatDetail(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (name === "user_agent") return browserName(String(value));
  if (name.endsWith("_at") && !Number.isNaN(Date.parse(String(value)))) return formatTime(String(value));
  return String(value);
}

/** The details as "role: owner · before: member", without who did it. */
export function detailsOf(event: SecurityEvent): string {
  return Object.entries(event.details)
    .filter(([, value]) => value !== null && value !== false && value !== event.actor_id)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${LABELS[name] ?? name.replaceAll("_", " ")}: ${formatDetail(name, value)}`)
    .join(" · ");
}
