import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { explain, fieldMessage, Problem, session } from "@/api";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Logo } from "@/ui/logo";
import { Empty, Notice } from "@/ui/states";
import { useTitle } from "@/ui/use-title";

const MIN_PASSWORD_LENGTH = 10;

/** Chooses a new password with the one-time link of an administrator, and signs in. */
export function ResetPasswordPage() {
  const { token } = useSearch({ from: "/reset-password" });
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useTitle("New password");
  if (!token) {
    return (
      <main className="grid h-full place-items-center">
        <Empty title="Choose a new password">Open the one-time link that an administrator made for you.</Empty>
      </main>
    );
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await session.resetPassword(token, password);
      await navigate({ to: "/", replace: true });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const error = fieldMessage(problem, "password");
  const inline = problem instanceof Problem && error !== null && error !== undefined;
  return (
    <main className="grid min-h-full place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <Logo className="size-10" />
          <h1 className="font-semibold text-lg tracking-tight">Choose a new password</h1>
          <p className="text-balance text-muted-foreground">
            Your other sessions end, and you are signed in here. The link works once.
          </p>
        </div>
        <form onSubmit={submit} className="grid gap-4 rounded-xl border bg-surface p-5 shadow-card">
          {problem !== null && !inline && <Notice tone="danger">{explain(problem)}</Notice>}
          <Field label="New password" hint="12 characters or more, such as a few words." error={error}>
            {(control) => (
              <Input
                {...control}
                type="password"
                autoComplete="new-password"
                minLength={MIN_PASSWORD_LENGTH}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
                required
                autoFocus
              />
            )}
          </Field>
          <Button type="submit" variant="primary" size="lg" disabled={busy}>
            {busy ? "Please wait…" : "Set password"}
          </Button>
        </form>
      </div>
    </main>
  );
}
