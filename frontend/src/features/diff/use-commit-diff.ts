import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { tickets } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { toFiles } from "./model/files";

/** The diff of a commit, and its files once they are there. A commit does not change. */
export function useCommitDiff(workflowId: string, sha: string) {
  const query = useQuery({
    queryKey: queryKeys.commitDiff(workflowId, sha),
    queryFn: ({ signal }) => tickets.commitDiff(sha, workflowId, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const files = useMemo(() => (query.data ? toFiles(query.data.files) : null), [query.data]);
  return { ...query, files };
}
