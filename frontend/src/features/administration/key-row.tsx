import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { explain, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { KeyWithLineage } from "@/api/types";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/prompt-dialog";
import { formatTime, TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";

/** A key: what it may do, who made it and with which key, when it was used and when it ends. */
export function KeyRow({ apiKey }: { apiKey: KeyWithLineage }) {
  const { id, name, actor_id, scopes, created_at, created_by, created_by_name, created_by_key, created_by_key_name } =
    apiKey;
  const { last_used_at, expires_at } = apiKey;
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => keys.revoke(id),
    onSuccess: () => toast.success(`Revoked ${name}`),
    onError: (error) => toast.error("Could not revoke the key", { description: explain(error) }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: queryKeys.serverActors }),
        queries.invalidateQueries({ queryKey: queryKeys.apiKeys }),
      ]),
  });
  const confirmAndRevoke = async () => {
    const agreed = await confirm({
      title: `Revoke the key ${name}?`,
      description: "Programs that use it are refused at once, and so are the keys that were made with it.",
      submit: "Revoke key",
    });
    if (agreed) revoke.mutate();
  };
  const maker = created_by === actor_id ? null : (created_by_name ?? created_by);
  const parent = created_by_key && `with the key ${created_by_key_name ?? created_by_key}`;
  const origin = [maker && `by ${maker}`, parent].filter(Boolean).join(" ");
  return (
    <li className="flex items-center gap-2 rounded-md px-2 py-1.5">
      <KeyRound aria-hidden="true" className="size-3.5 shrink-0 text-muted-foreground" />
      <div className="min-w-0 flex-1">
        <p dir="auto" className="truncate">
          {name}
        </p>
        <p className="text-muted-foreground text-xs [overflow-wrap:anywhere]">
          {scopes.join(", ")} · created <TimeAgo at={created_at} />
          {origin && ` ${origin}`} ·{" "}
          {last_used_at ? (
            <>
              used <TimeAgo at={last_used_at} />
            </>
          ) : (
            "never used"
          )}
          {expires_at && (Date.parse(expires_at) < Date.now() ? " · expired " : " · expires ")}
          {expires_at && formatTime(expires_at)}
        </p>
      </div>
      <Button
        size="sm"
        variant="danger"
        aria-label={`Revoke ${name}`}
        disabled={revoke.isPending}
        onClick={() => void confirmAndRevoke()}
      >
        Revoke
      </Button>
    </li>
  );
}
