import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Comment, HistoryEntry, TicketDetail } from "@/api/types";
import { card, event } from "@/live/state/testing";
import { applyToTicket } from "@/live/state/ticket";
import { Composer } from "@/ui/composer";
import { setDraftOwner } from "@/ui/drafts";
import { threads } from "./comments";
import { describeChange } from "./history-text";

function comment(id: string, parent: string | null, at: number): Comment {
  return {
    comment_id: id,
    ticket_id: "ticket-1",
    agent_id: "agent-1",
    agent_name: null,
    comment_text: `Text of ${id}`,
    comment_type: "general",
    parent_id: parent,
    created_at: `2026-01-01T00:00:0${at}Z`,
    updated_at: null,
    is_edited: false,
    mentions: [],
    attachments: [],
    reactions: [],
  };
}

describe("threads", () => {
  it("groups replies under their root comment, in order", () => {
    const list = threads([
      comment("b", null, 2),
      comment("a2", "a1", 4),
      comment("a1", "a", 3),
      comment("a", null, 1),
      comment("orphan", "deleted", 5),
    ]);
    expect(list.map(({ comment: { comment_id }, replies }) => [comment_id, replies.map((r) => r.comment_id)])).toEqual([
      ["a", ["a1", "a2"]],
      ["b", []],
      ["orphan", []],
    ]);
  });

  it("terminates on a cycle of replies", () => {
    expect(() => threads([comment("a", "b", 1), comment("b", "a", 2)])).not.toThrow();
  });
});

describe("describeChange", () => {
  const names = {
    nameOf: (id: string | null | undefined) => ({ id: id ?? "", name: `@${id}`, agent: true }),
    nameOfColumn: (id: string) => id.toUpperCase(),
    nameOfTicket: (id: string) => `KEY(${id})`,
  };
  const entry = (change: Partial<HistoryEntry>): HistoryEntry => ({
    seq: 1,
    change_type: "field_updated",
    field_name: null,
    old_value: null,
    new_value: null,
    change_description: "",
    changed_at: "2026-01-01T00:00:00Z",
    agent_id: "agent-1",
    actor_id: "agent-1",
    on_behalf_of: null,
    metadata: {},
    ...change,
  });

  it.each([
    [{ change_type: "status_changed", old_value: "todo", new_value: "done" }, "moved it from TODO to DONE"],
    [{ change_type: "assigned", new_value: "agent-2" }, "assigned it to @agent-2"],
    [{ change_type: "assigned" }, "removed the assignee"],
    [{ field_name: "title", old_value: "a", new_value: "b" }, "changed title from “a” to “b”"],
    [{ field_name: "story_points", new_value: "3" }, "set story points to “3”"],
    [{ field_name: "description", old_value: "long", new_value: "longer" }, "edited the description"],
    [{ change_type: "blocked", new_value: '["t1","t2"]' }, "marked it as blocked by KEY(t1), KEY(t2)"],
    [{ change_type: "of_the_future", change_description: "Did a thing." }, "Did a thing."],
  ])("%j", (change, text) => expect(describeChange(entry(change), names)).toBe(text));
});

describe("applyToTicket", () => {
  const ticket = {
    ...card(1),
    description: "",
    comments: [comment("a", null, 1)],
    commits: [],
  } as unknown as TicketDetail;

  it("applies changes of fields and comments", () => {
    const moved = applyToTicket(ticket, event(1, 1, "status_changed", { changes: { status: "done" } }));
    expect(moved.status).toBe("done");
    const more = applyToTicket(moved, event(2, 1, "comment_added", { comment: comment("b", null, 2) }));
    expect(more.comments.map(({ comment_id }) => comment_id)).toEqual(["a", "b"]);
    const edited = { ...comment("a", null, 1), comment_text: "Other" };
    expect(applyToTicket(more, event(3, 1, "comment_updated", { comment: edited })).comments[0]?.comment_text).toBe(
      "Other",
    );
    const less = applyToTicket(more, event(4, 1, "comment_deleted", { comment: comment("a", null, 1) }));
    expect(less.comments.map(({ comment_id }) => comment_id)).toEqual(["b"]);
  });

  it("ignores events of other tickets", () => {
    expect(applyToTicket(ticket, event(1, 2, "status_changed", { changes: { status: "done" } }))).toBe(ticket);
  });
});

describe("Composer", () => {
  it("keeps the draft until it is sent", async () => {
    localStorage.clear();
    setDraftOwner("ada");
    const user = userEvent.setup();
    const send = vi.fn().mockResolvedValueOnce(false).mockResolvedValueOnce(true);
    const first = render(<Composer label="Message" submit="Send" draft="t" onSend={send} />);
    await user.type(screen.getByLabelText("Message"), "Half a thought");
    first.unmount();
    render(<Composer label="Message" submit="Send" draft="t" onSend={send} />);
    const field = screen.getByLabelText<HTMLTextAreaElement>("Message");
    expect(field.value).toBe("Half a thought");
    expect(screen.getByText(/^Draft from/)).toBeDefined();
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(field.value).toBe("Half a thought");
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(send).toHaveBeenLastCalledWith("Half a thought");
    expect(field.value).toBe("");
    expect(localStorage.length).toBe(0);
  });
});
