import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { explain, keys } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Input } from "@/ui/field";
import { confirm } from "@/ui/prompt-dialog";
import { SecretDialog } from "@/ui/secret-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";

export function ApiKeys() {
  const queries = useQueryClient();
  const draft = useDraft("new-api-key", "");
  const name = draft.value;
  const [newKey, setNewKey] = useState<string | null>(null);
  const list = useQuery({ queryKey: queryKeys.apiKeys, queryFn: ({ signal }) => keys.list(signal) });
  const refresh = () => queries.invalidateQueries({ queryKey: queryKeys.apiKeys });
  const create = useMutation({
    mutationFn: () => keys.create(name.trim()),
    onSuccess: ({ key }) => {
      draft.clear();
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
  const confirmAndRevoke = async (id: string, label: string) => {
    const yes = await confirm({
      title: `Revoke “${label}”?`,
      description: "Programs that use the key are refused at once. It cannot be restored.",
      submit: "Revoke key",
    });
    if (yes) revoke.mutate(id);
  };
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
                <p dir="auto" className="truncate font-medium">
                  {label}
                </p>
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
                onClick={() => void confirmAndRevoke(id, label)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form data-draft onSubmit={submit} className="flex gap-2">
        <Input
          aria-label="Key name"
          placeholder="Key name"
          value={name}
          maxLength={200}
          onChange={(event) => draft.set(event.target.value)}
        />
        <Button type="submit" disabled={!name.trim() || create.isPending}>
          Create key
        </Button>
      </form>
      <DraftNote draft={draft} />
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
