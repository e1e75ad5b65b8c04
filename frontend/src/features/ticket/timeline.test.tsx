import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "@/api/types";
import { PullRequests, TimelineEntry } from "./timeline-entry";

const entry = (given: Partial<HistoryEntry>): HistoryEntry =>
  ({ seq: 1, old_value: null, new_value: null, field_name: null, change_description: null, ...given }) as HistoryEntry;
const names = {
  nameOf: () => ({ id: "a", name: "Ada", agent: true }),
  nameOfColumn: (id: string) => id,
  nameOfTicket: (id: string) => id,
};
const text = (given: Partial<HistoryEntry>) =>
  render(<TimelineEntry entry={entry(given)} names={names} />).container.textContent;

describe("ticket timeline", () => {
  it("shows progress, activity and jobs", () => {
    expect(text({ change_type: "ticket_progress", new_value: "build", change_description: "Half done" })).toBe(
      "build Half done",
    );
    expect(text({ change_type: "activity", new_value: "git", change_description: "Pushed" })).toBe("git Pushed");
    expect(text({ change_type: "job_stage", new_value: "review" })).toBe("moved to stage review");
    expect(
      text({
        change_type: "job_status",
        old_value: "queued",
        new_value: "running",
        change_description: 'The job "X"',
      }),
    ).toBe("started the job “X”");
  });

  it("links each pull request once, and only http(s) URLs", () => {
    const url = "https://github.com/acme/shop/pull/12";
    const opened = entry({ change_type: "pr_created", new_value: url });
    const { getAllByRole } = render(<PullRequests history={[opened, opened]} />);
    const links = getAllByRole("link");
    expect(links.map((link) => link.textContent)).toEqual(["github.com/acme/shop/pull/12"]);
    expect(links[0]?.getAttribute("href")).toBe(url);
    const bad = render(
      <TimelineEntry entry={entry({ change_type: "pr_created", new_value: "javascript:x" })} names={names} />,
    );
    expect(bad.container.querySelector("a")).toBeNull();
  });
});
