import { useQuery } from "@tanstack/react-query";
import { CircleCheck, LoaderCircle } from "lucide-react";
import { useEffect } from "react";
import { keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { announce } from "@/ui/announcer";
import { TimeAgo } from "@/ui/time";

/** The use of a key is no event of the stream, so the list of keys is read while the first one is awaited. */
const INTERVAL_MS = 2_000;

/** Waits for the first call with a key, and says when it came. */
export function FirstCall({ keyId, agentName }: { keyId: string; agentName: string }) {
  const { data, isError } = useQuery({
    queryKey: queryKeys.apiKeys,
    queryFn: ({ signal }) => keys.list(signal),
    refetchInterval: ({ state }) => (usedAt(state.data, keyId) ? false : INTERVAL_MS),
  });
  const used = usedAt(data, keyId);
  useEffect(() => {
    if (used) announce(`${agentName} is connected`);
  }, [used, agentName]);
  return (
    <div
      data-testid="first-call"
      data-connected={used !== null}
      className="flex items-center gap-2 rounded-xl border bg-surface px-4 py-3 shadow-card"
    >
      {used ? (
        <>
          <CircleCheck className="size-4 shrink-0 text-success" aria-hidden="true" />
          <p>
            <span className="font-medium">Connected.</span>{" "}
            <span className="text-muted-foreground">
              <bdi>{agentName}</bdi> made its first call <TimeAgo at={used} />.
            </span>
          </p>
        </>
      ) : (
        <>
          <LoaderCircle
            className="size-4 shrink-0 animate-spin text-muted-foreground motion-reduce:animate-none"
            aria-hidden="true"
          />
          <p className="text-muted-foreground">
            {isError ? "The server does not answer; trying again." : "Waiting for its first call…"}
          </p>
        </>
      )}
    </div>
  );
}

function usedAt(list: readonly { id: string; last_used_at?: string | null }[] | undefined, id: string): string | null {
  return list?.find((key) => key.id === id)?.last_used_at ?? null;
}
