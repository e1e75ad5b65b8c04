import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { explain, fieldMessage, MIN_PASSWORD_LENGTH, Problem, session } from "@/api";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Empty, Notice } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { AuthPage } from "./auth-page";

/** Chooses a new password with the one-time link of an administrator, and signs in. */
export function ResetPasswordPage() {
  const { token } = useSearch({ from: "/reset-password" });
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useTitle("Choose a new password");
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
    <AuthPage
      title="Choose a new password"
      intro="Your other sessions end, and you are signed in here. The link works once."
    >
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
    </AuthPage>
  );
}
