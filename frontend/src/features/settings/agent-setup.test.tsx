import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { agents } from "@/api";
import type { ToolSetup } from "@/api/types";
import { AgentSetup } from "./agent-setup";

const tool = (id: string, name: string, user_text: string): ToolSetup => ({
  id,
  name,
  user_file: `~/.${id}`,
  user_file_macos: `~/.${id}`,
  user_text,
  project_file: null,
  project_text: null,
  next_step: `Start ${name} again`,
});

it("fills the address and the key into the configuration of each tool", async () => {
  vi.spyOn(agents, "setup").mockResolvedValue([
    tool("one", "One", '{ "url": "{url}", "key": "{key}" }'),
    tool("two", "Two", 'url = "{url}"\n'),
  ]);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <AgentSetup apiKey="cb_new" />
    </QueryClientProvider>,
  );
  const { origin } = window.location;
  await screen.findByText(`{ "url": "${origin}/mcp", "key": "cb_new" }`);
  screen.getByText(`callboard connect one --url ${origin}`);

  const user = userEvent.setup();
  const written = vi.spyOn(navigator.clipboard, "writeText");
  await user.click(screen.getByRole("tab", { name: "Two" }));
  await user.click(screen.getByRole("button", { name: "Copy the configuration of Two" }));
  expect(written).toHaveBeenCalledWith(`url = "${origin}/mcp"\n`);
});
