import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { agents, keys } from "@/api";
import { ConnectPage } from "./connect-page";

vi.mock("@/live/context", () => ({
  useBoardShape: () => ({ shape: { workflow: { name: "Work", role: "owner", archived_at: null } }, error: null }),
}));
vi.mock("@tanstack/react-router", () => ({ Link: ({ children }: { children: ReactNode }) => <span>{children}</span> }));
afterEach(() => vi.restoreAllMocks());

function show(existing: string[] = []) {
  vi.spyOn(agents, "setup").mockResolvedValue([]);
  vi.spyOn(agents, "list").mockResolvedValue(existing.map((name) => ({ id: name, name })) as never);
  const listKeys = vi.spyOn(keys, "list").mockResolvedValue([]);
  const create = vi.spyOn(agents, "create").mockResolvedValue({ id: "agent-1" } as never);
  const createKey = vi.spyOn(keys, "create");
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ConnectPage workflowId="workflow-1" />
    </QueryClientProvider>,
  );
  return { create, createKey, listKeys, user: userEvent.setup() };
}

it("makes no second agent after its key failed", async () => {
  const { create, createKey, user } = show();
  createKey
    .mockRejectedValueOnce(new Error("It is down."))
    .mockResolvedValueOnce({ id: "key-1", key: "cb_new" } as never);
  await user.type(screen.getByLabelText("Agent name"), "Builder");
  await user.click(screen.getByRole("button", { name: "Create key" }));
  await screen.findByText(/has no key yet/);
  await user.click(screen.getByRole("button", { name: "Create key" }));
  await screen.findByDisplayValue("cb_new");
  expect(create).toHaveBeenCalledTimes(1);
  expect(createKey).toHaveBeenLastCalledWith("Key of Builder", "agent-1");
});

it("waits for the first call with this key", async () => {
  const { createKey, listKeys, user } = show();
  createKey.mockResolvedValue({ id: "key-1", key: "cb_new" } as never);
  const key = (id: string, last_used_at: string | null) => ({ id, last_used_at }) as never;
  listKeys.mockResolvedValueOnce([key("key-0", "2026-01-01T00:00:00Z"), key("key-1", null)]);
  listKeys.mockResolvedValue([key("key-1", new Date().toISOString())]);
  await user.type(screen.getByLabelText("Agent name"), "Builder{Enter}");
  await screen.findByText("Waiting for its first call…");
  await screen.findByText("Connected.", undefined, { timeout: 10_000 });
});

it("says that a name is taken", async () => {
  const { user } = show(["Builder"]);
  await user.type(screen.getByLabelText("Agent name"), "Builder");
  await screen.findByText(/already an agent named/);
});
