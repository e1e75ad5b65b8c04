import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { auth, explain, MIN_PASSWORD_LENGTH } from "@/api";
import { useMe } from "@/api/hooks";
import { queryKeys } from "@/api/query-keys";
import { browserName } from "@/ui/browser-name";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/use-title";
import { AgentMemberships } from "./agent-memberships";
import { ApiKeys } from "./api-keys";

export function AccountPage() {
  const me = useMe();
  useTitle("Account");
  if (!me) return null;
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-8 px-4 py-6">
        <div>
          <h1 className="font-semibold text-lg tracking-tight">{me.name}</h1>
          <p className="text-muted-foreground">
            {me.email}
            {me.is_admin && " · administrator"}
          </p>
          {me.is_admin && (
            <Link to="/settings/people" className="text-accent-foreground text-xs underline underline-offset-3">
              Administration of this server
            </Link>
          )}
        </div>
        <ApiKeys />
        <AgentMemberships />
        <Sessions />
        <Password />
      </div>
    </div>
  );
}

function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({ queryKey: queryKeys.sessions, queryFn: ({ signal }) => auth.sessions(signal) });
  const end = useMutation({
    mutationFn: (id: string) => auth.endSession(id),
    onError: (error) => toast.error("Could not end the session", { description: explain(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: queryKeys.sessions }),
  });
  const confirmAndEnd = async (id: string, name: string) => {
    const yes = await confirm({
      title: `End the session of ${name}?`,
      description: "That device is signed out.",
      submit: "End session",
    });
    if (yes) end.mutate(id);
  };
  return (
    <Section title="Sessions" intro="Devices where you are signed in.">
      {sessions.isError && <Notice tone="danger">{explain(sessions.error)}</Notice>}
      {sessions.data && (
        <ul className={`${panelClass} divide-y`}>
          {sessions.data.map(({ id, created_at, last_used_at, user_agent, address, current }) => (
            <li key={id} className="flex items-center gap-3 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <p dir="auto" className="truncate">
                  {browserName(user_agent)}
                </p>
                <p className="text-muted-foreground text-xs">
                  {address && `${address} · `}signed in <TimeAgo at={created_at} />
                  {last_used_at && (
                    <>
                      , last active <TimeAgo at={last_used_at} />
                    </>
                  )}
                </p>
              </div>
              {current ? (
                <span className="font-medium text-success text-xs">Current session</span>
              ) : (
                <Button
                  size="sm"
                  disabled={end.isPending}
                  onClick={() => void confirmAndEnd(id, browserName(user_agent))}
                >
                  End session
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => auth.changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast.success("Password changed", { description: "All other sessions were signed out." });
    },
    onError: (error) => toast.error("Could not change the password", { description: explain(error) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (next.length >= MIN_PASSWORD_LENGTH) change.mutate();
  };
  return (
    <Section title="Password">
      <form onSubmit={submit} className={`${panelClass} grid items-end gap-4 p-4 sm:grid-cols-[1fr_1fr_auto]`}>
        <Field label="Current password">
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              value={current}
              required
              onChange={(event) => setCurrent(event.target.value)}
            />
          )}
        </Field>
        <Field label="New password">
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              minLength={MIN_PASSWORD_LENGTH}
              placeholder="12 characters or more"
              value={next}
              required
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" disabled={change.isPending}>
          Change password
        </Button>
      </form>
    </Section>
  );
}
