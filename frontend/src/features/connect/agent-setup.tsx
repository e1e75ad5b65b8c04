import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { agents, explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ToolSetup } from "@/api/types";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { Notice, Spinner } from "@/ui/states";
import { restExample, type SetupProps, workerCommands, workerFile } from "./snippets";

const tab =
  "rounded-md px-2 py-1 font-medium text-muted-foreground text-xs hover:text-foreground data-[state=active]:bg-accent data-[state=active]:text-accent-foreground";

/** How each known coding agent is connected with a key, as `callboard connect` writes it; also programs and workers. */
export function AgentSetup(props: SetupProps) {
  const setup = useQuery({
    queryKey: queryKeys.agentSetup,
    queryFn: ({ signal }) => agents.setup(signal),
    staleTime: Number.POSITIVE_INFINITY,
    // The reader decides, instead of waiting.
    retry: false,
  });
  if (setup.isError) {
    return (
      <div className="mt-4 grid justify-items-start gap-2">
        <Notice tone="danger">The configurations could not be loaded: {explain(setup.error)}</Notice>
        <Button size="sm" disabled={setup.isFetching} onClick={() => void setup.refetch()}>
          Try again
        </Button>
      </div>
    );
  }
  if (!setup.data) return <Spinner label="Loading the configurations…" />;
  return (
    <Tabs.Root defaultValue={setup.data[0]?.id}>
      <Tabs.List aria-label="Coding agents" className="mb-2 flex flex-wrap gap-1">
        {setup.data.map(({ id, name }) => (
          <Tabs.Trigger key={id} value={id} className={tab}>
            {name}
          </Tabs.Trigger>
        ))}
        <Tabs.Trigger value="rest" className={tab}>
          REST
        </Tabs.Trigger>
        <Tabs.Trigger value="worker" className={tab}>
          Worker
        </Tabs.Trigger>
      </Tabs.List>
      {setup.data.map((tool) => (
        <Tabs.Content key={tool.id} value={tool.id} className="grid gap-2">
          <Configuration tool={tool} {...props} />
        </Tabs.Content>
      ))}
      <Tabs.Content value="rest" className="grid gap-2">
        <Text label="Copy command" text={restExample(props)}>
          A program takes the next ready ticket by HTTP:
        </Text>
      </Tabs.Content>
      <Tabs.Content value="worker" className="grid gap-2">
        <Text label="Copy file" text={workerFile(props)}>
          A worker runs commands for the jobs of this workflow. Write this to <code>worker.toml</code>:
        </Text>
        <Text label="Copy commands" text={workerCommands(props)}>
          Start it where the commands are to run:
        </Text>
      </Tabs.Content>
    </Tabs.Root>
  );
}

function userFile(tool: ToolSetup): string {
  const { userAgent } = navigator;
  if (userAgent.includes("Windows")) return tool.user_file_windows;
  return userAgent.includes("Mac") ? tool.user_file_macos : tool.user_file;
}

function Configuration({ tool, apiKey, agentId, workflowId }: SetupProps & { tool: ToolSetup }) {
  const { origin } = window.location;
  const text = tool.user_text.replaceAll("{url}", `${origin}/mcp`).replaceAll("{key}", apiKey);
  const command = `callboard connect ${tool.id} --url ${origin} --agent ${agentId} --workflow ${workflowId}`;
  return (
    <>
      <Text label="Copy configuration" text={text}>
        Add this to <code className="break-all">{userFile(tool)}</code>:
      </Text>
      <p className="text-muted-foreground text-xs">{tool.next_step}, then ask it: what is on my board?</p>
      <Text label="Copy command" text={command}>
        Or run this command in a terminal, which writes the file for you, with another key of this agent:
      </Text>
    </>
  );
}

function Text({ label, text, children }: { label: string; text: string; children: ReactNode }) {
  return (
    <>
      <div className="flex items-end justify-between gap-3">
        <p className="min-w-0 text-xs">{children}</p>
        <Button size="sm" className="shrink-0" onClick={() => void copyText(text)}>
          <Copy /> {label}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="scroll-thin overflow-x-auto rounded-lg border bg-sunken p-3 font-mono text-xs">
        {text}
      </pre>
    </>
  );
}
