/** What the page of an invite link says about it. */
import type { InviteOffer, Role } from "@/api/types";

const ROLE_TEXTS: Readonly<Record<Role, string>> = {
  viewer: "a viewer, who can read the board",
  member: "a member, who can edit tickets",
  owner: "an owner, who also manages the board and its members",
};

export function titleOf(offer: InviteOffer): string {
  return offer.workflow_name ? `Join ${offer.workflow_name}` : "Join Callboard";
}

/** Who invites to what, and as what. */
export function offerText({ invited_by_name: by, workflow_name: workflow, role }: InviteOffer): string {
  const who = by ?? "Somebody";
  if (!workflow) return `${who} invites you to this server.`;
  return `${who} invites you to ${workflow} as ${ROLE_TEXTS[role ?? "member"]}.`;
}

/** Why an invitation cannot be used, and whom to ask. */
export function endedText({ state, invited_by_name: by }: InviteOffer): { title: string; text: string } | null {
  const ask = by ? `ask ${by} for a new one` : "ask the person who sent it for a new one";
  switch (state) {
    case "open":
      return null;
    case "used":
      return {
        title: "This invitation was used already",
        text: `A link works once. If you used it, sign in; otherwise ${ask}.`,
      };
    case "expired":
      return { title: "This invitation has expired", text: `If you still need it, ${ask}.` };
    case "withdrawn":
      return { title: "This invitation was withdrawn", text: `If you think that is a mistake, ${ask}.` };
    case "unauthorized":
      return {
        title: "This invitation is no longer valid",
        text: "Its sender may not invite people any longer. Ask an owner of the workflow for a new one.",
      };
  }
}

/** Whether an invitation for a shortened address, such as `a…@example.org`, can be that of an account. */
export function isFor(hint: string | null, email: string | null | undefined): boolean {
  if (!hint) return true;
  const [start = "", domain = ""] = hint.split("…");
  const address = (email ?? "").toLowerCase();
  return address.startsWith(start) && address.endsWith(domain);
}
