import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { Tabs } from "radix-ui";
import { agents, explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ToolSetup } from "@/api/types";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { Notice, Spinner } from "@/ui/states";

const tab =
  "rounded-md px-2 py-1 font-medium text-muted-foreground text-xs hover:text-foreground data-[state=active]:bg-accent data-[state=active]:text-accent-foreground";

/** How each known coding agent is connected with a key, as `callboard connect` writes it. */
export function AgentSetup({ apiKey }: { apiKey: string }) {
  const setup = useQuery({
    queryKey: queryKeys.agentSetup,
    queryFn: ({ signal }) => agents.setup(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (setup.isError) return <Notice tone="danger">{explain(setup.error)}</Notice>;
  if (!setup.data) return <Spinner label="Loading the configurations…" />;
  return (
    <Tabs.Root defaultValue={setup.data[0]?.id} className="mt-4">
      <p className="mb-1.5 text-muted-foreground text-xs">Connect a coding agent with it:</p>
      <Tabs.List aria-label="Coding agents" className="mb-2 flex flex-wrap gap-1">
        {setup.data.map(({ id, name }) => (
          <Tabs.Trigger key={id} value={id} className={tab}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {setup.data.map((tool) => (
        <Tabs.Content key={tool.id} value={tool.id} className="grid gap-2">
          <Configuration tool={tool} apiKey={apiKey} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

function Configuration({ tool, apiKey }: { tool: ToolSetup; apiKey: string }) {
  const { origin } = window.location;
  const text = tool.user_text.replaceAll("{url}", `${origin}/mcp`).replaceAll("{key}", apiKey);
  const file = navigator.userAgent.includes("Mac") ? tool.user_file_macos : tool.user_file;
  return (
    <>
      <div className="flex items-end justify-between gap-3">
        <p className="min-w-0 text-xs">
          Add this to <code className="break-all">{file}</code>:
        </p>
        <Button size="sm" onClick={() => void copyText(text)} aria-label={`Copy the configuration of ${tool.name}`}>
          <Copy /> Copy
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="scroll-thin overflow-x-auto rounded-lg border bg-sunken p-3 font-mono text-xs">
        {text}
      </pre>
      <p className="text-muted-foreground text-xs">
        {tool.next_step}, then ask it: what is on my board? The command{" "}
        <code className="break-all">{`callboard connect ${tool.id} --url ${origin}`}</code> does all this in a terminal,
        with a key of its own.
      </p>
    </>
  );
}
