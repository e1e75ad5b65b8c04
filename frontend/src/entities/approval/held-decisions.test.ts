import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api";
import type { Approval } from "@/api/types";
import { type HeldDecision, HOLD_MS, heldStorage } from "./held-decision";
import { HeldDecisions, type HeldOutcome } from "./held-decisions";

const approval = (id: string, more: Partial<Approval> = {}): Approval =>
  ({
    id,
    workflow_id: "w",
    kind: "question",
    question: `${id}?`,
    ticket_key: "TKT-1",
    status: "pending",
    ...more,
  }) as Approval;

/** A page with held decisions, whose server answers as the test says. */
function openPage(userId: string | null = "user-1") {
  const sent: Array<HeldDecision & { closing: boolean }> = [];
  const outcomes: HeldOutcome[] = [];
  const server = { answer: (held: HeldDecision): Promise<Approval> => Promise.resolve(decided(held)) };
  const page = new HeldDecisions({
    send: (held, closing) => {
      sent.push({ ...held, closing });
      return server.answer(held);
    },
    storage: heldStorage,
  });
  page.onOutcome((outcome) => outcomes.push(outcome));
  page.setUser(userId);
  return { page, sent, server, outcomes, kinds: () => outcomes.map(({ kind }) => kind) };
}

const decided = (held: HeldDecision): Approval => approval(held.approval.id, { status: "approved" });
const storedIds = () => heldStorage.list("user-1").map((held) => held.approval.id);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => vi.useRealTimers());

describe("held decisions", () => {
  it("are sent after ten seconds, and not before", async () => {
    const { page, sent, kinds } = openPage();
    page.hold(approval("a"), "answer", { answer: "Red" });
    await pass(HOLD_MS - 1);
    expect([sent, page.get().map(({ state }) => state)]).toEqual([[], ["waiting"]]);
    await pass(1);
    expect(sent).toMatchObject([{ decision: "answer", input: { answer: "Red" }, closing: false }]);
    expect([page.get(), kinds(), storedIds()]).toEqual([[], ["held", "decided"], []]);
  });

  it("are undone, the last one first", async () => {
    const { page, sent, kinds } = openPage();
    page.hold(approval("a"), "approve");
    page.hold(approval("b"), "reject", { reason: "No." });
    page.undo();
    expect(page.get().map((held) => held.approval.id)).toEqual(["a"]);
    page.undo("a");
    await pass(HOLD_MS * 2);
    expect([sent, kinds(), storedIds()]).toEqual([[], ["held", "held", "undone", "undone"], []]);
  });

  it("are replaced by another decision about the same approval, with ten seconds of its own", async () => {
    const { page, sent } = openPage();
    page.hold(approval("a"), "answer", { answer: "Red" });
    await pass(6_000);
    page.hold(approval("a"), "answer", { answer: "Blue" });
    await pass(6_000);
    expect(sent).toEqual([]);
    await pass(4_000);
    expect(sent.map(({ input }) => input)).toEqual([{ answer: "Blue" }]);
  });

  it("are sent at once on request, and can no longer be undone or replaced", async () => {
    const { page, sent, server } = openPage();
    server.answer = () => new Promise(() => undefined);
    page.hold(approval("a"), "approve");
    page.sendNow("a");
    page.undo("a");
    page.hold(approval("a"), "reject");
    await pass(HOLD_MS * 2);
    expect(sent.map(({ decision }) => decision)).toEqual(["approve"]);
    expect(page.get()).toMatchObject([{ decision: "approve", state: "sending" }]);
  });

  it("are several at a time, each with its own time", async () => {
    const { page, sent } = openPage();
    page.hold(approval("a"), "approve");
    await pass(4_000);
    page.hold(approval("b"), "approve");
    await pass(6_000);
    expect(sent.map((held) => held.approval.id)).toEqual(["a"]);
    await pass(4_000);
    expect(sent.map((held) => held.approval.id)).toEqual(["a", "b"]);
  });

  it("are sent with the page that is closed, and once more by the next if no answer came", async () => {
    const first = openPage();
    first.server.answer = () => new Promise(() => undefined);
    first.page.hold(approval("a"), "approve");
    first.page.sendBeforeClosing();
    expect(first.sent).toMatchObject([{ closing: true }]);
    expect(storedIds()).toEqual(["a"]);
    const second = openPage();
    await pass(3_000);
    // The same key: the server carries it out once.
    expect(second.sent.map(({ key }) => key)).toEqual(first.sent.map(({ key }) => key));
    expect([second.kinds(), storedIds()]).toEqual([["decided"], []]);
  });

  it("of a page that crashed are sent by the next one, those of an open page are left to it", async () => {
    const crashed = openPage();
    crashed.page.hold(approval("a"), "approve");
    crashed.page.setUser(null);
    const open = openPage();
    open.page.hold(approval("b"), "approve");
    const next = openPage();
    await pass(HOLD_MS + 3_000);
    expect([...open.sent, ...next.sent].map((held) => held.approval.id).sort()).toEqual(["a", "b"]);
    expect(next.sent).toEqual([]);
    expect(storedIds()).toEqual([]);
  });

  it("of another user are neither shown nor sent", async () => {
    const { page } = openPage("user-1");
    page.hold(approval("a"), "approve");
    page.setUser("user-2");
    const other = openPage("user-2");
    await pass(HOLD_MS * 2);
    expect([page.get(), other.sent, storedIds()]).toEqual([[], [], ["a"]]);
  });

  it("are all sent before signing out, also those of other pages", async () => {
    const other = openPage();
    other.page.hold(approval("b"), "approve");
    const { page, sent } = openPage();
    page.hold(approval("a"), "approve");
    await page.sendBeforeSigningOut();
    expect(sent.map((held) => held.approval.id).sort()).toEqual(["a", "b"]);
    expect(storedIds()).toEqual([]);
  });

  it("do not keep the user from signing out while the server does not answer", async () => {
    const { page, server } = openPage();
    server.answer = () => new Promise(() => undefined);
    page.hold(approval("a"), "approve");
    const done = vi.fn();
    void page.sendBeforeSigningOut().then(done);
    await pass(5_000);
    expect(done).toHaveBeenCalled();
    expect(storedIds()).toEqual(["a"]);
  });

  it("that the server refuses stay with their text until they are read", async () => {
    const { page, sent, server, outcomes } = openPage();
    server.answer = () => Promise.reject(new Problem(409, "This was approved already by Berta."));
    page.hold(approval("a"), "reject", { reason: "Too early." });
    await pass(HOLD_MS * 3);
    expect(sent).toHaveLength(1);
    expect(page.get()).toMatchObject([
      { state: "refused", message: "This was approved already by Berta.", input: { reason: "Too early." } },
    ]);
    expect(outcomes.at(-1)?.kind).toBe("refused");
    page.undo("a");
    page.sendNow("a");
    expect([page.get().length, sent.length]).toEqual([1, 1]);
    page.dismiss("a");
    expect([page.get(), storedIds()]).toEqual([[], []]);
  });

  it("that cannot be sent are tried again until they can", async () => {
    const { page, sent, server, kinds } = openPage();
    server.answer = () => Promise.reject(new Problem(0, "Cannot reach the server."));
    page.hold(approval("a"), "approve");
    await pass(HOLD_MS);
    expect(page.get()).toMatchObject([{ state: "unsent", message: "Cannot reach the server." }]);
    expect(storedIds()).toEqual(["a"]);
    server.answer = (held) => Promise.resolve(decided(held));
    page.retry();
    await pass(0);
    expect([sent.length, page.get(), kinds()]).toEqual([2, [], ["held", "unsent", "decided"]]);
  });

  it("are not carried out once somebody else has decided, and say who", async () => {
    const { page, sent } = openPage();
    page.hold(approval("a"), "approve", { comment: "Fine." });
    page.noticeSettled(approval("a", { status: "rejected", decided_by: "user-2", decided_by_name: "Berta" }));
    await pass(HOLD_MS * 2);
    expect(sent).toEqual([]);
    expect(page.get()).toMatchObject([
      { state: "refused", message: "This was rejected already by Berta.", input: { comment: "Fine." } },
    ]);
  });

  it("are done once another page of the same user has sent them", async () => {
    const { page, sent, kinds } = openPage();
    page.hold(approval("a"), "approve");
    page.noticeSettled(approval("a", { status: "approved", decided_by: "user-1" }));
    await pass(HOLD_MS * 2);
    expect([sent, page.get(), kinds()]).toEqual([[], [], ["held", "decided"]]);
  });

  it("in storage that cannot be read are left out", () => {
    localStorage.setItem("callboard.held-decision.user-1.x", "{");
    localStorage.setItem("callboard.held-decision.user-1.y", JSON.stringify({ approval: { id: "y" } }));
    expect(openPage().page.get()).toEqual([]);
  });
});
