import { useMutation, useQuery } from "@tanstack/react-query";
import { Flame } from "lucide-react";
import { toast } from "sonner";
import { auth, explain, jobs } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { useLive } from "@/live/context";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/confirm";
import { plural } from "@/ui/plural";

/** Removes all of one's own jobs. Only servers in development mode can, and only they offer it. */
export function PurgeJobs() {
  const live = useLive();
  const options = useQuery({
    queryKey: queryKeys.authOptions,
    queryFn: ({ signal }) => auth.options(signal),
    staleTime: 60_000,
  });
  const purge = useMutation({
    mutationFn: () => jobs.purge(),
    onSuccess: ({ deleted }) => {
      live.work.refreshAll();
      toast.success(`${plural(deleted, "job")} removed`);
    },
    onError: (error) => toast.error("The jobs were not removed", { description: explain(error) }),
  });
  if (!options.data?.dev_mode) return null;
  const start = async () => {
    const first = await confirm({
      title: "Purge your jobs?",
      description:
        "This removes ALL jobs you created, in every workflow, with their transcripts and apps. It cannot be undone.",
      submit: "Go on",
    });
    if (!first) return;
    const second = await confirm({
      title: "Really purge them?",
      description: "Workers lose what they are doing at this moment.",
      submit: "Purge all my jobs",
      word: "purge",
    });
    if (second) purge.mutate();
  };
  return (
    <Button variant="ghost" disabled={purge.isPending} onClick={() => void start()}>
      <Flame /> Purge jobs
    </Button>
  );
}
