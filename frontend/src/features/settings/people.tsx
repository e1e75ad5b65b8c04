import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { explain, users } from "@/api";
import { useMe } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { Button } from "@/ui/button";
import { confirm } from "@/ui/prompt-dialog";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { panelClass, Section } from "./section";

/** Everybody with an account, for administrators. */
export function People() {
  const me = useMe();
  const queries = useQueryClient();
  const list = useQuery({ queryKey: queryKeys.users, queryFn: ({ signal }) => users.list(signal) });
  const change = useMutation({
    mutationFn: ({ id, disabled }: { id: string; disabled: boolean }) => users.setDisabled(id, disabled),
    onSuccess: ({ user, agents_changed }, { disabled }) =>
      toast.success(disabled ? `Disabled ${user.name}` : `Enabled ${user.name}`, {
        description: agents_changed > 0 ? `With ${agents_changed} of their agents and services.` : undefined,
      }),
    onError: (error) => toast.error("Could not change the account", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.users }),
  });
  const setDisabled = async (id: string, name: string, disabled: boolean) => {
    const agreed =
      !disabled ||
      (await confirm({
        title: `Disable ${name}?`,
        description: "Their sessions end and their keys, agents and services stop, until you enable them again.",
        submit: "Disable",
      }));
    if (agreed) change.mutate({ id, disabled });
  };
  return (
    <Section
      title="People"
      intro="Disabling a person ends their sessions and stops their keys, and the agents and services that they own."
    >
      {list.isError && <Notice tone="danger">{explain(list.error)}</Notice>}
      {list.data && (
        <ul className={`${panelClass} divide-y`}>
          {list.data.map(({ id, name, email, is_admin, disabled_at, last_seen_at }) => (
            <li key={id} className="flex items-center gap-3 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <p dir="auto" className="truncate font-medium">
                  {name}
                  {is_admin && <span className="text-muted-foreground"> · administrator</span>}
                </p>
                <p dir="auto" className="truncate text-muted-foreground text-xs">
                  {email}
                  {disabled_at ? (
                    <>
                      , disabled <TimeAgo at={disabled_at} />
                    </>
                  ) : (
                    last_seen_at && (
                      <>
                        , last active <TimeAgo at={last_seen_at} />
                      </>
                    )
                  )}
                </p>
              </div>
              {id !== me?.id && (
                <Button
                  size="sm"
                  variant={disabled_at ? undefined : "danger"}
                  aria-label={`${disabled_at ? "Enable" : "Disable"} ${name}`}
                  disabled={change.isPending}
                  onClick={() => void setDisabled(id, name, !disabled_at)}
                >
                  {disabled_at ? "Enable" : "Disable"}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
