import { useMutation, useQuery } from "@tanstack/react-query";
import { Flame } from "lucide-react";
import { auth, explain, jobs } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { useLive } from "@/live/context";
import { Button } from "@/ui/button";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { toast } from "@/ui/toast";

/** Deletes all jobs of the user. Offered only by servers in development mode. */
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
      toast.success(`${plural(deleted, "job")} deleted`);
    },
    onError: (error) => toast.error("Could not purge the jobs", { description: explain(error) }),
  });
  if (!options.data?.dev_mode) return null;
  const start = async () => {
    const first = await confirm({
      title: "Purge your jobs?",
      description:
        "All jobs you created, in every workflow, are deleted with their transcripts and apps. This cannot be undone.",
      submit: "Continue",
    });
    if (!first) return;
    const second = await confirm({
      title: "Confirm the purge",
      description: "Workers lose the jobs they are running.",
      submit: "Purge all jobs",
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
