import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { explain, server } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Registration } from "@/api/types";
import { cn } from "@/ui/cn";
import { confirm } from "@/ui/prompt-dialog";
import { panelClass, Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { toast } from "@/ui/toast";

/** From the widest to the strictest. */
const POLICIES: ReadonlyArray<{ value: Registration; name: string; hint: string }> = [
  { value: "open", name: "Open", hint: "Anybody who can reach this server can create an account." },
  { value: "invite", name: "By invitation", hint: "People with an invitation link can create an account." },
  { value: "off", name: "Closed", hint: "Nobody can. Operators create accounts with callboard user create." },
];
const strictness = (policy: Registration) => POLICIES.findIndex(({ value }) => value === policy);

/** Who may create an account. It holds at once, on every server of the database. */
export function SignUp() {
  const group = useId();
  const queries = useQueryClient();
  const state = useQuery({ queryKey: queryKeys.server, queryFn: ({ signal }) => server.state(signal) });
  const change = useMutation({
    mutationFn: (policy: Registration) => server.setRegistration(policy),
    onSuccess: (_, policy) => toast.success(`Sign-up: ${POLICIES[strictness(policy)]?.name.toLowerCase()}`),
    onError: (error) => toast.error("Could not change who may sign up", { description: explain(error) }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: queryKeys.server }),
        queries.invalidateQueries({ queryKey: queryKeys.authOptions }),
      ]),
  });
  const policy = state.data?.registration;
  const shown = change.isPending ? change.variables : policy?.registration;
  const choose = async (wanted: Registration) => {
    const wider = policy && strictness(wanted) < strictness(policy.registration);
    const agreed =
      !wider ||
      (await confirm({
        title: wanted === "open" ? "Open sign-up to everybody?" : "Let invited people sign up?",
        description: POLICIES[strictness(wanted)]?.hint ?? "",
        submit: wanted === "open" ? "Open sign-up" : "Allow invitations",
      }));
    if (agreed) change.mutate(wanted);
  };
  return (
    <Section title="Sign-up" intro="Who may create an account. A change holds at once.">
      {state.isPending && <Spinner label="Loading…" />}
      {state.isError && <Notice tone="danger">{explain(state.error)}</Notice>}
      {policy && (
        <fieldset className={`${panelClass} divide-y`}>
          <legend className="sr-only">Who may create an account</legend>
          {POLICIES.map(({ value, name, hint }) => {
            const beyond = strictness(value) < strictness(policy.configured);
            return (
              <label
                key={value}
                className={cn("flex items-start gap-3 px-4 py-2.5", !beyond && "cursor-pointer hover:bg-muted/50")}
              >
                <input
                  type="radio"
                  name={group}
                  className="mt-1 accent-primary"
                  checked={shown === value}
                  disabled={beyond || change.isPending}
                  onChange={() => void choose(value)}
                />
                <span className="min-w-0">
                  <span className="block font-medium">{name}</span>
                  <span className="block text-muted-foreground text-xs">{hint}</span>
                </span>
              </label>
            );
          })}
        </fieldset>
      )}
      {policy && policy.configured !== "open" && (
        <Notice>
          This server was started with <code>CALLBOARD_REGISTRATION={policy.configured}</code>, so sign-up cannot be
          opened further here. Change that setting and restart the server.
        </Notice>
      )}
    </Section>
  );
}
