import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, MonitorSmartphone, MoreHorizontal, UserCheck, UserX } from "lucide-react";
import { explain, users } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Account } from "@/api/types";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";

interface Props {
  person: Account;
  /** Whether it is the person who looks. */
  own: boolean;
  onPassword: () => void;
  onSessions: () => void;
}

/** A person, and what an administrator can do about them. */
export function PersonRow({ person, own, onPassword, onSessions }: Props) {
  const { id, name, email, is_admin, disabled_at, last_seen_at, sessions, agents } = person;
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (disabled: boolean) => users.setDisabled(id, disabled),
    onSuccess: ({ agents_changed }, disabled) =>
      toast.success(disabled ? `Disabled ${name}` : `Enabled ${name}`, {
        description:
          agents_changed > 0 ? `With ${plural(agents_changed, "agent or service", "agents and services")}.` : undefined,
      }),
    onError: (error) => toast.error("Could not change the account", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.users }),
  });
  const disable = async () => {
    const agreed = await confirm({
      title: `Disable ${name}?`,
      description: "Their sessions end and their keys, agents and services stop, until you enable them again.",
      submit: "Disable",
    });
    if (agreed) change.mutate(true);
  };
  const facts = [
    sessions > 0 && plural(sessions, "session"),
    agents > 0 && plural(agents, "agent or service", "agents and services"),
  ].filter(Boolean);
  return (
    <li className="flex items-center gap-3 px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p dir="auto" className={cn("truncate font-medium", disabled_at && "text-muted-foreground line-through")}>
          {name}
          {(is_admin || own) && (
            <span className="inline-block font-normal text-muted-foreground">
              {is_admin && "\u00a0· administrator"}
              {own && "\u00a0· you"}
            </span>
          )}
        </p>
        <p dir="auto" className="text-muted-foreground text-xs [overflow-wrap:anywhere]">
          {email}
          {disabled_at ? (
            <>
              , disabled <TimeAgo at={disabled_at} />
            </>
          ) : last_seen_at ? (
            <>
              , last active <TimeAgo at={last_seen_at} />
            </>
          ) : (
            ", never signed in"
          )}
          {facts.length > 0 && <span className="tabular"> · {facts.join(", ")}</span>}
        </p>
      </div>
      <Menu
        trigger={
          <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${name}`} disabled={change.isPending}>
            <MoreHorizontal />
          </Button>
        }
      >
        <MenuItem onSelect={onSessions}>
          <MonitorSmartphone /> Sessions…
        </MenuItem>
        {!own && !disabled_at && (
          <>
            <MenuItem onSelect={onPassword}>
              <KeyRound /> Reset password…
            </MenuItem>
            <MenuSeparator />
            <MenuItem danger onSelect={() => void disable()}>
              <UserX /> Disable…
            </MenuItem>
          </>
        )}
        {!own && disabled_at && (
          <MenuItem onSelect={() => change.mutate(false)}>
            <UserCheck /> Enable
          </MenuItem>
        )}
      </Menu>
    </li>
  );
}
