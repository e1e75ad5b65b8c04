import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { explain, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { SecretDialog } from "./secret-dialog";
import { panelClass, Section } from "./section";

export function ApiKeys() {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [newKey, setNewKey] = useState<string | null>(null);
  const list = useQuery({ queryKey: queryKeys.apiKeys, queryFn: ({ signal }) => keys.list(signal) });
  const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.apiKeys });
  const create = useMutation({
    mutationFn: () => keys.create(name.trim()),
    onSuccess: ({ key }) => {
      setName("");
      setNewKey(key);
    },
    onError: (error) => toast.error("Could not create the key", { description: explain(error) }),
    onSettled: refresh,
  });
  const revoke = useMutation({
    mutationFn: (id: string) => keys.revoke(id),
    onError: (error) => toast.error("Could not revoke the key", { description: explain(error) }),
    onSettled: refresh,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate();
  };
  const current = (list.data ?? []).filter(({ revoked_at }) => !revoked_at);

  return (
    <Section title="API keys" intro="Keys let programs act on your behalf. A key is shown only once.">
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {current.length > 0 && (
        <ul className={`${panelClass} divide-y`}>
          {current.map(({ id, name: label, actor_name, scopes, created_at, last_used_at, expires_at }) => (
            <li key={id} className="flex items-center gap-3 px-4 py-2.5">
              <KeyRound className="size-4 shrink-0 text-muted-foreground" aria-hidden="true" />
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">{label}</p>
                <p className="text-muted-foreground text-xs">
                  {actor_name} · {scopes.join(", ")} · created <TimeAgo at={created_at} />,{" "}
                  {last_used_at ? (
                    <>
                      used <TimeAgo at={last_used_at} />
                    </>
                  ) : (
                    "never used"
                  )}
                  {expires_at && (
                    <>
                      , expires <TimeAgo at={expires_at} />
                    </>
                  )}
                </p>
              </div>
              <Button
                size="sm"
                variant="danger"
                disabled={revoke.isPending}
                aria-label={`Revoke ${label}`}
                onClick={() => revoke.mutate(id)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={submit} className="flex gap-2">
        <Input
          aria-label="Key name"
          placeholder="Key name"
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" disabled={!name.trim() || create.isPending}>
          Create key
        </Button>
      </form>
      <SecretDialog
        title="API key created"
        description="Copy it now. It will not be shown again."
        label="Secret key"
        secret={newKey}
        onClose={() => setNewKey(null)}
      />
    </Section>
  );
}
