import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { workflows } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { useDraft } from "@/ui/use-draft";

interface NewWorkflow {
  name: string;
  description: string;
  template: string;
}

/** What a workflow is created from, kept as a draft, and its creation, which opens the board or the import. */
export function useCreateWorkflow(onCreated?: () => void) {
  const draft = useDraft<NewWorkflow>("new-workflow", { name: "", description: "", template: "development" });
  const { name, description, template } = draft.value;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (_next: "board" | "import") =>
      workflows.create({
        name: name.trim(),
        template,
        ...(description.trim() ? { description: description.trim() } : {}),
      }),
    onSuccess: async (workflow, next) => {
      draft.clear();
      onCreated?.();
      const params = { workflowId: workflow.id };
      if (next === "import") await navigate({ to: "/w/$workflowId/import", params });
      else await navigate({ to: "/w/$workflowId", params, search: {} });
      // Afterwards, so that the page of a first workflow does not change into Home before it is left.
      await queries.invalidateQueries({ queryKey: queryKeys.workflows });
    },
  });
  const set = (change: Partial<NewWorkflow>) => draft.set((old) => ({ ...old, ...change }));
  return { draft, set, create };
}
