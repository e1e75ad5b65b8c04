import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { agents } from "@/api";
import type { ToolSetup } from "@/api/types";
import { AgentSetup } from "./agent-setup";

afterEach(() => vi.restoreAllMocks());

const tool = (id: string, name: string, user_text: string): ToolSetup => ({
  id,
  name,
  user_file: `~/.${id}`,
  user_file_macos: `~/Library/${id}`,
  user_file_windows: `%APPDATA%\\${id}`,
  user_text,
  project_file: null,
  project_text: null,
  next_step: `Start ${name} again`,
});

const show = () =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <AgentSetup apiKey="cb_new" agentId="builder" workflowId="workflow-1" />
    </QueryClientProvider>,
  );

it("fills the address and the key into the configuration of each tool", async () => {
  vi.spyOn(agents, "setup").mockResolvedValue([
    tool("one", "One", '{ "url": "{url}", "key": "{key}" }'),
    tool("two", "Two", 'url = "{url}"\n'),
  ]);
  show();
  const { origin } = window.location;
  await screen.findByText(`{ "url": "${origin}/mcp", "key": "cb_new" }`);
  const command = `callboard connect one --url ${origin} --agent builder --workflow workflow-1`;
  screen.getByText(command);

  const user = userEvent.setup();
  const written = vi.spyOn(navigator.clipboard, "writeText");
  await user.click(screen.getByRole("button", { name: "Copy command" }));
  expect(written).toHaveBeenCalledWith(command);
  await user.click(screen.getByRole("tab", { name: "Two" }));
  await user.click(screen.getByRole("button", { name: "Copy configuration" }));
  expect(written).toHaveBeenCalledWith(`url = "${origin}/mcp"\n`);
});

it.each([
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "%APPDATA%\\one"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "~/Library/one"],
  ["Mozilla/5.0 (X11; Linux x86_64)", "~/.one"],
])("names the file of the reader's system: %s", async (userAgent, file) => {
  vi.spyOn(agents, "setup").mockResolvedValue([tool("one", "One", "{url}")]);
  vi.spyOn(navigator, "userAgent", "get").mockReturnValue(userAgent);
  show();
  await screen.findByText(file);
});

it("shows why the configurations are missing, and tries again", async () => {
  const setup = vi.spyOn(agents, "setup").mockRejectedValueOnce(new Error("It is down."));
  setup.mockResolvedValue([tool("one", "One", "{url}")]);
  show();
  expect((await screen.findByRole("alert")).textContent).toContain("could not be loaded");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  await screen.findByText("~/.one");
});
