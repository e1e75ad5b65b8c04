import { describe, expect, it } from "vitest";
import type { InviteOffer } from "@/api/types";
import { endedText, isFor, offerText } from "./invitation-text";

const offer: InviteOffer = {
  state: "open",
  workflow_id: "wf-1",
  workflow_name: "Release 1.0",
  role: "viewer",
  invited_by_name: "Ada",
  email_hint: null,
  expires_at: "2026-03-17T14:05:00Z",
};

describe("an invitation", () => {
  it("names the workflow, the inviter and the role", () => {
    expect(offerText(offer)).toBe("Ada invites you to Release 1.0 as a viewer, who can read the board.");
    expect(offerText({ ...offer, workflow_name: null, role: null })).toBe("Ada invites you to this server.");
  });

  it("says why it cannot be used and whom to ask", () => {
    expect(endedText(offer)).toBeNull();
    expect(endedText({ ...offer, state: "expired" })?.text).toContain("ask Ada");
    expect(endedText({ ...offer, state: "withdrawn", invited_by_name: null })?.text).toContain(
      "the person who sent it",
    );
  });

  it("is only for the account of its shortened address", () => {
    expect(isFor(null, "b@example.org")).toBe(true);
    expect(isFor("b…@example.org", "Bob@example.org")).toBe(true);
    expect(isFor("b…@example.org", "ada@example.org")).toBe(false);
    expect(isFor("b…@example.org", "bob@example.com")).toBe(false);
    expect(isFor("b…@example.org", undefined)).toBe(false);
  });
});
