import { describe, expect, it } from "vitest";
import type { NameOf } from "@/api/hooks";
import type { BoardChanges, TicketDifference } from "@/api/types";
import { groupChanges } from "./board-changes";

const nameOf: NameOf = (id) => ({ id: id ?? "", name: id === "ann" ? "Ann" : "?", agent: false });
const names = {
  columns: [
    { id: "todo", name: "To do", category: "todo" as const },
    { id: "review", name: "Review", category: "active" as const },
    { id: "done", name: "Done", category: "done" as const },
  ],
  nameOf,
};

function changes(
  ...tickets: Array<Pick<TicketDifference, "change"> & { fields?: Record<string, [unknown, unknown]> }>
) {
  const list = tickets.map(({ change, fields = {} }, index): TicketDifference => {
    const pairs = Object.entries(fields).map(([field, [old_value, new_value]]) => [field, { old_value, new_value }]);
    return {
      ticket_id: `t${index}`,
      key: `TKT-${index}`,
      title: `Ticket ${index}`,
      change,
      fields: Object.fromEntries(pairs),
    };
  });
  return {
    epoch: "e",
    from: { at: "", seq: 1 },
    to: { at: "", seq: 2 },
    tickets: list,
    has_more: false,
  } as BoardChanges;
}

const kinds = (all: BoardChanges) =>
  groupChanges(all, names).map(({ kind, entries }) => [kind, entries.map((e) => e.key)]);
const details = (fields: Record<string, [unknown, unknown]>) =>
  groupChanges(changes({ change: "changed", fields }), names)[0]?.entries[0]?.details;

describe("changes between two boards", () => {
  it("are grouped by what they mean", () => {
    const all = changes(
      { change: "added" },
      { change: "removed" },
      { change: "changed", fields: { status: ["todo", "review"], rank: ["a", "b"] } },
      { change: "changed", fields: { status: ["review", "done"], is_resolved: [false, true] } },
      { change: "changed", fields: { rank: ["a", "b"] } },
      { change: "changed", fields: { rank: ["a", "b"], title: ["Old", "New"] } },
      { change: "changed", fields: { status: ["done", "todo"], is_resolved: [true, false] } },
    );
    expect(kinds(all)).toEqual([
      ["completed", ["TKT-3"]],
      ["moved", ["TKT-2", "TKT-6"]],
      ["added", ["TKT-0"]],
      ["changed", ["TKT-5"]],
      ["reordered", ["TKT-4"]],
      ["removed", ["TKT-1"]],
    ]);
  });

  it("name columns, people and amounts", () => {
    expect(
      details({
        comment_count: [1, 4],
        assigned_agent_id: [null, "ann"],
        status: ["todo", "gone"],
        completed_at: [null, "2026-03-17T00:00:00Z"],
        spent_minutes: [0, 90],
        priority: ["low", "high"],
        tags: [
          ["a", "b"],
          ["b", "c"],
        ],
      }),
    ).toEqual([
      "To do → gone",
      "+3 comments",
      "Assigned to Ann",
      "Spent: none → 1h 30m",
      "Priority: low → high",
      "Tags: +c −a",
    ]);
  });

  it("mention blockers once", () => {
    expect(details({ is_blocked: [false, true], blocked_by_ticket_ids: [[], ["t9"]] })).toEqual(["Blocked"]);
    expect(details({ blocked_by_ticket_ids: [["t8"], ["t9"]] })).toEqual(["Other blockers"]);
    expect(details({ assigned_agent_id: ["ann", null], approval_status: ["pending_review", null] })).toEqual([
      "Unassigned",
      "Review withdrawn",
    ]);
  });

  it("have words for fields that are new to the dashboard", () => {
    expect(details({ due_date: [null, "2026-04-01"], labels: [{}, { a: 1 }] })).toEqual([
      "Due date: none → 2026-04-01",
      "Labels changed",
    ]);
  });
});
