import { useMutation, useQueryClient } from "@tanstack/react-query";
import { agents, explain } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ActorWithKeys } from "@/api/types";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";

/** Disables an agent or service, or enables it again. */
export function DisableButton({ actor: { id, name, disabled_at } }: { actor: ActorWithKeys }) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (disabled: boolean) => agents.setDisabled(id, disabled),
    onSuccess: (_, disabled) => toast.success(disabled ? `Disabled ${name}` : `Enabled ${name}`),
    onError: (error) => toast.error("Could not change the agent", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.serverActors }),
  });
  const disable = async () => {
    const agreed = await confirm({
      title: `Disable ${name}?`,
      description: "Its keys stop at once, and the tickets and jobs that it holds go back to their queues.",
      submit: "Disable",
    });
    if (agreed) change.mutate(true);
  };
  return (
    <Button
      size="sm"
      variant={disabled_at ? "outline" : "ghost"}
      aria-label={`${disabled_at ? "Enable" : "Disable"} ${name}`}
      disabled={change.isPending}
      onClick={() => (disabled_at ? change.mutate(false) : void disable())}
    >
      {disabled_at ? "Enable" : "Disable"}
    </Button>
  );
}
