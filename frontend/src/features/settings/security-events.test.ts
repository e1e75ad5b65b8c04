import { describe, expect, it } from "vitest";
import type { SecurityEvent } from "@/api/types";
import { actorOf, describeSecurityEvent, detailsOf, KIND_GROUPS } from "./security-event-text";

const event = (fields: Partial<SecurityEvent>): SecurityEvent => ({
  id: 1,
  occurred_at: "2026-05-01T10:00:00Z",
  kind: "sign_in",
  outcome: "ok",
  actor_id: "user-1",
  actor_name: "Ada",
  on_behalf_of: null,
  session_id: null,
  key_id: null,
  address: "192.0.2.7",
  subject_id: "user-1",
  subject_name: "Ada",
  workflow_id: null,
  workflow_name: null,
  details: {},
  occurrences: 1,
  ...fields,
});

describe("security events", () => {
  it("are described in words", () => {
    const removed = event({ kind: "member_removed", subject_name: "Bob", details: { role: "owner", left: null } });
    expect(`${actorOf(removed)} ${describeSecurityEvent(removed)}`).toBe("Ada removed the member Bob");
    expect(detailsOf(removed)).toBe("role: owner");
    const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";
    const device = event({ details: { user_agent: agent, invited_by: "user-1" } });
    expect(detailsOf(device)).toBe("device: Chrome on Linux");
    const guesses = event({
      kind: "sign_in_failed",
      actor_id: null,
      actor_name: null,
      subject_id: null,
      subject_name: null,
      occurrences: 1200,
      details: { addresses: ["192.0.2.7", "192.0.2.8"] },
    });
    expect(`${actorOf(guesses)} ${describeSecurityEvent(guesses)}`).toBe(
      `Someone failed to sign in as an unknown account (${(1200).toLocaleString()} times)`,
    );
    expect(detailsOf(guesses)).toBe("addresses: 192.0.2.7, 192.0.2.8");
    expect(actorOf(event({ actor_name: null, actor_id: "db:callboard" }))).toBe("Database (callboard)");
  });

  it("have a sentence for each kind of the filter", () => {
    for (const kind of KIND_GROUPS.flatMap(([, kinds]) => kinds)) {
      expect(describeSecurityEvent(event({ kind }))).not.toContain("_");
    }
  });
});
