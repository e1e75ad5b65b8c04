import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { agents, keys } from "@/api";
import { InviteSection } from "./invite-section";

afterEach(() => vi.restoreAllMocks());

function show(existing: string[] = []) {
  vi.spyOn(agents, "setup").mockResolvedValue([]);
  vi.spyOn(agents, "list").mockResolvedValue(existing.map((name) => ({ id: name, name })) as never);
  const create = vi.spyOn(agents, "create").mockResolvedValue({ id: "agent-1" } as never);
  const createKey = vi.spyOn(keys, "create");
  render(
    <QueryClientProvider client={new QueryClient()}>
      <InviteSection workflowId="workflow-1" />
    </QueryClientProvider>,
  );
  return { create, createKey, user: userEvent.setup() };
}

it("makes no second agent after its key failed", async () => {
  const { create, createKey, user } = show();
  createKey.mockRejectedValueOnce(new Error("It is down.")).mockResolvedValueOnce({ key: "cb_new" } as never);
  await user.type(screen.getByLabelText("Agent name"), "Builder");
  await user.click(screen.getByRole("button", { name: "Add agent" }));
  await screen.findByText(/has no key yet/);
  await user.click(screen.getByRole("button", { name: "Add agent" }));
  await screen.findByDisplayValue("cb_new");
  expect(create).toHaveBeenCalledTimes(1);
  expect(createKey).toHaveBeenLastCalledWith("Key of Builder", "agent-1");
});

it("closes the key by its button only", async () => {
  const { createKey, user } = show();
  createKey.mockResolvedValue({ key: "cb_new" } as never);
  await user.type(screen.getByLabelText("Agent name"), "Builder");
  await user.click(screen.getByRole("button", { name: "Add agent" }));
  await screen.findByDisplayValue("cb_new");
  await user.keyboard("{Escape}");
  const overlay = document.querySelector('[data-state="open"]');
  if (overlay) await userEvent.setup({ pointerEventsCheck: 0 }).click(overlay);
  screen.getByDisplayValue("cb_new");
  expect(screen.queryByRole("button", { name: "Close" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Done" }));
  await waitFor(() => expect(screen.queryByDisplayValue("cb_new")).toBeNull());
});

it("says that a name is taken", async () => {
  const { user } = show(["Builder"]);
  await user.type(screen.getByLabelText("Agent name"), "Builder");
  await screen.findByText(/already an agent named Builder/);
});
