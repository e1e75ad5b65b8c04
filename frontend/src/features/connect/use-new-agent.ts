import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { agents, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";

export interface NewAgent {
  id: string;
  name: string;
}

export interface AgentWithKey {
  agent: NewAgent;
  keyId: string;
  apiKey: string;
}

/** Creates an agent of a workflow with a key. */
export function useNewAgent(workflowId: string, onMade: (made: AgentWithKey) => void) {
  const queries = useQueryClient();
  // An agent whose key could not be created, so that the next attempt makes no second agent.
  const [keyless, setKeyless] = useState<NewAgent | null>(null);
  const create = useMutation({
    mutationFn: async (name: string): Promise<AgentWithKey> => {
      const agent = keyless?.name === name ? keyless : { id: (await agents.create(name, workflowId)).id, name };
      setKeyless(agent);
      const { key, id } = await keys.create(`Key of ${name}`, agent.id);
      return { agent, keyId: id, apiKey: key };
    },
    onSuccess: (made) => {
      setKeyless(null);
      onMade(made);
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: queryKeys.members(workflowId) });
      void queries.invalidateQueries({ queryKey: queryKeys.agents });
    },
  });
  return { create, keyless };
}
