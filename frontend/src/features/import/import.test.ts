import { inflateRawSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { Problem } from "@/api";
import type { ImportOutcome, ImportPreview, MappedName } from "@/api/types";
import { choose, noChoices, recallChoices, rememberChoices, targetOf, validChoices } from "./choices";
import { importError, lineText, outcomeRows } from "./messages";
import { toUpload } from "./read-files";
import { zip } from "./zip";

const bytesOf = (base64: string) => Buffer.from(base64, "base64");
const chosen = (name: string, text: string) => ({ name, file: new File([text], name.split("/").at(-1) ?? name) });

/** Names and texts of the files of an archive, read by their local headers. */
function unzip(bytes: Buffer): Record<string, string> {
  const files: Record<string, string> = {};
  let at = 0;
  while (bytes.readUInt32LE(at) === 0x04034b50) {
    const [packed, nameLength] = [bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26)];
    const name = bytes.subarray(at + 30, at + 30 + nameLength).toString();
    const data = at + 30 + nameLength;
    files[name] = inflateRawSync(bytes.subarray(data, data + packed)).toString();
    at = data + packed;
  }
  expect(bytes.readUInt32LE(at)).toBe(0x02014b50);
  return files;
}

describe("the upload", () => {
  it("is one file as it is", async () => {
    const upload = await toUpload([chosen("größe.csv", "a,é\n")], 1_000_000);
    expect(upload).toMatchObject({ label: "größe.csv", file_name: "größe.csv" });
    expect(bytesOf(upload.content_base64).toString()).toBe("a,é\n");
  });

  it("is an archive of several files, without what holds no tickets", async () => {
    const files = [
      chosen("backlog/tasks/a.md", "one"),
      chosen("backlog/tasks/ü.md", "two"),
      chosen("backlog/.git/b.md", "no"),
      chosen("backlog/picture.png", "no"),
    ];
    const upload = await toUpload(files, 1_000_000);
    expect(upload).toMatchObject({ label: "backlog (2 files)", file_name: "files.zip" });
    expect(unzip(bytesOf(upload.content_base64))).toEqual({ "backlog/tasks/a.md": "one", "backlog/tasks/ü.md": "two" });
  });

  it("takes a hidden folder that was chosen itself", async () => {
    const files = [chosen(".beads/issues.jsonl", "{}"), chosen(".beads/other.md", "x")];
    const upload = await toUpload(files, 1_000_000);
    expect(Object.keys(unzip(bytesOf(upload.content_base64)))).toEqual(["issues.jsonl", "other.md"]);
  });

  it("compresses large texts, and refuses what remains too large", async () => {
    const upload = await toUpload([chosen("large.csv", "a,b,c\n".repeat(300_000))], 200_000);
    expect(upload.label).toBe("large.csv");
    expect(unzip(bytesOf(upload.content_base64))["large.csv"]).toHaveLength(1_800_000);
    await expect(toUpload([chosen("a.csv", "x".repeat(200_000))], 200_000)).rejects.toThrow("a.csv is too large");
    await expect(toUpload([chosen("a.png", ""), chosen("b.png", "")], 200_000)).rejects.toThrow("None of the 2 files");
  });

  it("has the checksums that the format wants", async () => {
    const bytes = Buffer.from(
      await (await zip([{ name: "a", bytes: new TextEncoder().encode("123456789") }])).arrayBuffer(),
    );
    expect(bytes.readUInt32LE(14)).toBe(0xcbf43926);
  });
});

const row = (name: string, to: string | null): MappedName => ({ name, to, count: 1, how: "similar" });
const preview = {
  columns: [{ id: "todo" }, { id: "review" }],
  ticket_types: ["bug"],
  mapping: {
    states: [row("Parked", "todo"), row("Open", "todo")],
    types: [row("Defect", "bug")],
    priorities: [row("P1", "high")],
    people: [row("Ada", null)],
  },
} as unknown as ImportPreview;

describe("choices", () => {
  beforeEach(() => localStorage.clear());

  it("hold only what differs from the proposal", () => {
    const parked = preview.mapping.states[0] as MappedName;
    const once = choose(noChoices(), "states", parked, "review");
    expect(targetOf("states", parked, once)).toBe("review");
    expect(choose(once, "states", parked, "todo")).toEqual(noChoices());
    expect(targetOf("states", parked, noChoices())).toBe("todo");
  });

  it("are remembered, as far as they still fit", () => {
    const choices = {
      states: { Parked: "review", Open: "gone", Other: "review" },
      types: { Defect: "chore" },
      priorities: { P1: "critical" },
      people: { Ada: "u1" },
    };
    rememberChoices("w", "linear", choices);
    expect(recallChoices("w", "jira")).toEqual(noChoices());
    const recalled = recallChoices("w", "linear");
    expect(recalled).toEqual(choices);
    const kept = { states: { Parked: "review" }, types: {}, priorities: { P1: "critical" } };
    expect(validChoices(recalled, preview, [{ actor_id: "u1" }])).toEqual({ ...kept, people: { Ada: "u1" } });
    expect(validChoices(recalled, preview, [])).toEqual({ ...kept, people: {} });
    localStorage.setItem("callboard.import.w.linear", '{"states":[1],"people":7}');
    expect(recallChoices("w", "linear")).toEqual(noChoices());
  });
});

describe("messages", () => {
  it("name file and line", () => {
    expect(lineText({ line: 1200, reason: "has no id" })).toBe(`Line ${(1200).toLocaleString()} has no id.`);
    expect(lineText({ file: "tasks/a.md", line: 3, reason: "has no id" })).toBe("Line 3 of tasks/a.md has no id.");
    const refused = new Problem(422, "Invalid.", { errors: [{ field: "content", rule: "has no rows" }] });
    expect(importError(refused, "a.csv")).toBe("a.csv has no rows.");
    expect(importError(new Problem(413, "Too large."), "a.csv")).toContain("a.csv is too large.");
    expect(importError(new Problem(403, "No."), "a.csv")).toBe("No.");
    expect(importError(new Problem(503, "Busy.", { code: "busy" }), "a.csv")).toContain("callboard import");
  });

  it("count what was done, and why the rest was not", () => {
    const outcome = {
      imported: 0,
      existing: 5,
      updated: 2,
      kept: 1,
      newer: 4,
      comments: 0,
      blockers: 0,
      parents: 0,
      related: 0,
      missing_links: 0,
      milestones: 2,
      milestones_updated: 0,
      gone: [{ key: "TKT-3", reference: "DEMO-7", reason: "deleted" }],
      gone_count: 1,
      types_added: ["story"],
    } as unknown as ImportOutcome;
    expect(outcomeRows(outcome, true).map(({ count, text }) => [count, text])).toEqual([
      [0, "tickets created"],
      [2, "tickets updated"],
      [2, "tickets left as they are"],
      [1, "ticket with a value kept"],
      [1, "ticket left alone because it is gone here"],
      [2, "milestones created"],
      [1, "ticket type added"],
    ]);
    expect(outcomeRows(outcome, true)[4]?.note).toBe("TKT-3 (DEMO-7) was deleted");
    const skipped = outcomeRows({ ...outcome, updated: 0, kept: 0, gone_count: 0, milestones: 0 }, false);
    expect(skipped.map(({ count }) => count)).toEqual([0, 5, 4, 1]);
  });
});
