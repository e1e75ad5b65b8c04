import { describe, expect, it } from "vitest";
import type { JobStatus, JobSummary, LiveEvent, Message } from "@/api/types";
import { actionsFor } from "@/entities/job/actions";
import { formatSeconds } from "./job-details";
import { readJobListState, statusesOf } from "./job-list-state";
import { failedJobs } from "./job-toasts";
import { toBlocks } from "./transcript-blocks";

const message = (order: number, kind: Message["kind"]): Message =>
  ({ message_id: `m${order}`, order, kind, content: `${order}` }) as Message;

describe("toBlocks", () => {
  it("groups consecutive log lines and keeps messages separate", () => {
    const lines = [1, 2].map((n) => message(n, "log"));
    const all = [...lines, message(3, "chat"), message(4, "log"), message(5, "step")];
    expect(toBlocks(all).map(({ kind }) => kind)).toEqual(["log", "chat", "log", "step"]);
    expect(toBlocks(all, false).map(({ kind }) => kind)).toEqual(["chat", "step"]);
  });

  it("splits long runs at positions that earlier lines do not change", () => {
    const some = Array.from({ length: 100 }, (_, i) => message(i + 60, "log"));
    const keys = toBlocks(some).map(({ key }) => key);
    expect(keys).toHaveLength(3);
    const more = [...Array.from({ length: 59 }, (_, i) => message(i + 1, "log")), ...some];
    expect(
      toBlocks(more)
        .map(({ key }) => key)
        .slice(-2),
    ).toEqual(keys.slice(-2));
    const joints = toBlocks([...some, message(200, "step"), message(201, "log")]).flatMap((block) =>
      block.kind === "log" ? [[block.joined.above, block.joined.below]] : [],
    );
    expect(joints).toEqual([
      [false, true],
      [true, true],
      [true, false],
      [false, false],
    ]);
  });
});

describe("actionsFor", () => {
  it("depends on the status", () => {
    const of = (status: JobStatus, cancel_requested = false) => actionsFor({ status, cancel_requested });
    expect(of("collecting")).toEqual(["continue", "cancel"]);
    expect(of("running")).toEqual(["pause", "cancel"]);
    expect(of("running", true)).toEqual([]);
    expect(of("waiting")).toEqual(["resume", "cancel"]);
    expect(of("failed")).toEqual(["retry"]);
    expect(of("succeeded")).toEqual([]);
  });
});

describe("readJobListState", () => {
  it("keeps valid values and drops the rest", () => {
    expect(readJobListState({ show: "open", q: "x", mine: true, other: 1 })).toEqual({
      show: "open",
      q: "x",
      mine: true,
    });
    expect(readJobListState({ show: "nonsense", q: "" })).toEqual({});
    expect(statusesOf("ended")).toEqual(["succeeded", "failed", "cancelled"]);
    expect(statusesOf("paused")).toEqual(["paused"]);
  });
});

describe("failedJobs", () => {
  it("lists each failed job once, and none that was queued again", () => {
    const event = (id: string, status: JobStatus): LiveEvent =>
      ({ type: "job_status", data: { job: { job_id: id, status } as JobSummary } }) as LiveEvent;
    const events = [event("a", "failed"), event("b", "failed"), event("b", "queued"), event("a", "failed")];
    expect(failedJobs(events).map(({ job_id }) => job_id)).toEqual(["a"]);
  });
});

it("formats durations", () => {
  expect([formatSeconds(5), formatSeconds(65), formatSeconds(3_700)]).toEqual(["5 s", "1 min 5 s", "1 h 1 min"]);
});
