import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { Problem, webhooks } from "@/api";
import type { Webhook } from "@/api/types";
import { WebhookDialog } from "./webhook-dialog";

const STORED = { id: "h1", url: "https://example.org/hook", events: ["status_changed", "sprint_began"] } as Webhook;
const REFUSED = new Problem(
  422,
  "The field events must list types of events like status_changed; there is no type sprint_began.",
  {
    code: "invalid",
    errors: [{ field: "events", rule: "must list types of events like status_changed; there is no type sprint_began" }],
  },
);

describe("WebhookDialog", () => {
  const setUp = (webhook?: Webhook) => {
    const saved = vi.fn();
    const update = vi.spyOn(webhooks, "update").mockResolvedValue(STORED);
    const create = vi.spyOn(webhooks, "create").mockResolvedValue({ secret: "whsec_x" } as never);
    render(
      <QueryClientProvider client={new QueryClient()}>
        <WebhookDialog workflowId="w1" webhook={webhook} onClose={() => undefined} onSaved={saved} />
      </QueryClientProvider>,
    );
    const save = screen.getByRole("button", { name: webhook ? "Save changes" : "Create webhook" });
    return { user: userEvent.setup(), saved, update, create, save };
  };

  it("shows a refusal beside the events, and lets an unknown type be removed", async () => {
    const { user, saved, update, save } = setUp(STORED);
    update.mockRejectedValueOnce(REFUSED);
    await user.click(screen.getByLabelText("job_status"));
    await user.click(save);
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toBe(
      "Events must list types of events like status_changed; there is no type sprint_began.",
    );
    expect(screen.getByRole("group", { name: "Events" }).getAttribute("aria-describedby")).toBe(alert.id);
    await user.click(screen.getByRole("button", { name: "Remove event type sprint_began" }));
    expect([screen.queryByRole("alert"), screen.queryByText("sprint_began")]).toEqual([null, null]);
    await user.click(save);
    await vi.waitFor(() => expect(saved).toHaveBeenCalled());
    expect(update.mock.calls.map(([, change]) => change.events)).toEqual([
      ["status_changed", "sprint_began", "job_status"],
      ["status_changed", "job_status"],
    ]);
  });

  it("sends only what was changed", async () => {
    const { user, saved, update, save } = setUp(STORED);
    await user.type(screen.getByLabelText("URL"), "s");
    await user.click(save);
    await vi.waitFor(() => expect(saved).toHaveBeenCalled());
    expect(update).toHaveBeenCalledWith("h1", { url: "https://example.org/hooks", events: undefined });
  });

  it("says that an empty selection stands for all events", async () => {
    const { user, saved, create, save } = setUp();
    await user.type(screen.getByLabelText("URL"), "https://example.org");
    expect(screen.queryByText(/all events are sent/)).toBeNull();
    await user.click(screen.getByLabelText("Selected events"));
    screen.getByText("No type is selected, so all events are sent.");
    await user.click(screen.getByLabelText("ticket_created"));
    screen.getByText("Without a selected type, all events are sent.");
    await user.click(screen.getByLabelText("ticket_created"));
    await user.click(save);
    await vi.waitFor(() => expect(saved).toHaveBeenCalled());
    expect(create).toHaveBeenCalledWith("w1", "https://example.org", []);
  });

  it("shows other problems above the form", async () => {
    const { user, update, save } = setUp(STORED);
    update.mockRejectedValueOnce(new Problem(403, "You are not allowed to do this."));
    await user.click(screen.getByLabelText("All events"));
    await user.click(save);
    expect((await screen.findByRole("alert")).textContent).toBe("You are not allowed to do this.");
    expect(update).toHaveBeenCalledWith("h1", { url: undefined, events: [] });
  });
});
