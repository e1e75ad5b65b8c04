import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Bot, Copy } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { agents, explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { Button } from "@/ui/button";
import { copyText } from "@/ui/clipboard";
import { DraftNote } from "@/ui/draft-note";
import { Input } from "@/ui/field";
import { Notice, Spinner } from "@/ui/states";
import { useDraft } from "@/ui/use-draft";
import { useTitle } from "@/ui/use-title";
import { AgentSetup } from "./agent-setup";
import { FirstCall } from "./first-call";
import { type AgentWithKey, useNewAgent } from "./use-new-agent";

/** From nothing to an agent's first call: a name, its key in the configuration of each tool, and when it arrived. */
export function ConnectPage({ workflowId }: { workflowId: string }) {
  const { shape, error, retry } = useBoardShape(workflowId);
  const [made, setMade] = useState<AgentWithKey | null>(null);
  useTitle(shape ? `Connect an agent · ${shape.workflow.name}` : "Connect an agent");
  if (error && !shape) return <WorkflowFailure what="the workflow" error={error} onRetry={retry} />;
  const allowed = shape?.workflow.role === "owner" && !shape.workflow.archived_at;
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-2xl grid-cols-[minmax(0,1fr)] gap-5 px-4 pt-6 pb-16">
        <header className="grid gap-1">
          <Link
            to="/w/$workflowId/agents"
            params={{ workflowId }}
            className="mb-1 inline-flex items-center gap-1 justify-self-start rounded text-muted-foreground text-xs hover:text-foreground"
          >
            <ArrowLeft className="size-3.5" /> Agents
          </Link>
          <h1 className="font-semibold text-lg tracking-tight">Connect an agent</h1>
          {shape && (
            <p className="text-muted-foreground">
              It becomes a member of <bdi className="font-medium text-foreground">{shape.workflow.name}</bdi> and gets a
              key of its own to read and write tickets.
            </p>
          )}
        </header>
        {!shape && <Spinner label="Loading the workflow…" />}
        {shape && !allowed && (
          <Notice>
            {shape.workflow.archived_at
              ? "This workflow is archived. Restore it to connect agents."
              : "Only owners can connect agents."}
          </Notice>
        )}
        {allowed && !made && <NameForm workflowId={workflowId} onMade={setMade} />}
        {allowed && made && <Made made={made} workflowId={workflowId} onAnother={() => setMade(null)} />}
      </div>
    </div>
  );
}

function NameForm({ workflowId, onMade }: { workflowId: string; onMade: (made: AgentWithKey) => void }) {
  const draft = useDraft(`workflow.${workflowId}.new-agent`, "");
  const { create, keyless } = useNewAgent(workflowId, (made) => {
    draft.clear();
    onMade(made);
  });
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const known = useQuery({ queryKey: queryKeys.agents, queryFn: ({ signal }) => agents.list(signal) });
  const wanted = draft.value.trim();
  const isKeyless = wanted !== "" && keyless?.name === wanted;
  const isTaken = !create.isPending && known.data?.some((agent) => agent.name === wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted) create.mutate(wanted);
  };
  return (
    <form data-draft onSubmit={submit} className="grid gap-2">
      <div className="flex gap-2">
        <Input
          ref={field}
          aria-label="Agent name"
          placeholder="Name, as shown on its tickets"
          dir="auto"
          value={draft.value}
          maxLength={200}
          onChange={(event) => draft.set(event.target.value)}
        />
        <Button type="submit" variant="primary" className="shrink-0" disabled={!wanted || create.isPending}>
          <Bot /> {create.isPending ? "Creating…" : "Create key"}
        </Button>
      </div>
      <DraftNote draft={draft} />
      {create.isError && <Notice tone="danger">Could not add the agent: {explain(create.error)}</Notice>}
      {isKeyless && !create.isPending && (
        <p className="text-muted-foreground text-xs">
          <bdi>{wanted}</bdi> was added, but has no key yet. Try again for its key.
        </p>
      )}
      {isTaken && !isKeyless && (
        <p className="text-muted-foreground text-xs">
          There is already an agent named <bdi>{wanted}</bdi>. This adds another one with the same name.
        </p>
      )}
    </form>
  );
}

interface MadeProps {
  made: AgentWithKey;
  workflowId: string;
  onAnother: () => void;
}

function Made({ made: { agent, apiKey, keyId }, workflowId, onAnother }: MadeProps) {
  return (
    <>
      <section aria-label="Key" className="grid gap-1.5">
        <p>
          The key of <bdi className="font-medium">{agent.name}</bdi>. It is shown only here, now.
        </p>
        <div className="flex gap-2">
          <Input aria-label="Secret key" readOnly value={apiKey} className="font-mono text-xs" />
          <Button className="shrink-0" onClick={() => void copyText(apiKey)}>
            <Copy /> Copy
          </Button>
        </div>
      </section>
      <section aria-label="Configuration">
        <AgentSetup apiKey={apiKey} agentId={agent.id} workflowId={workflowId} />
      </section>
      <FirstCall keyId={keyId} agentName={agent.name} />
      <div className="flex flex-wrap gap-2">
        <Button asChild>
          <Link to="/w/$workflowId" params={{ workflowId }} search={{}}>
            Open the board
          </Link>
        </Button>
        <Button variant="ghost" onClick={onAnother}>
          Connect another agent
        </Button>
      </div>
    </>
  );
}
