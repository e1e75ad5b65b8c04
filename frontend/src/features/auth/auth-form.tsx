import { type FormEvent, type ReactNode, useState } from "react";
import { explain, fieldMessage, MIN_PASSWORD_LENGTH, Problem } from "@/api";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { AuthPage } from "./auth-page";

export interface Credentials {
  name: string;
  email: string;
  password: string;
  invite: string;
}

interface Props {
  title: string;
  intro?: ReactNode;
  submit: string;
  /** Fields besides email and password. */
  fields?: ReadonlyArray<"name" | "invite">;
  newPassword?: boolean;
  onSubmit: (credentials: Credentials) => Promise<void>;
  footer?: ReactNode;
}

/** Shared form of sign-in, registration and first setup. */
export function AuthForm(props: Props) {
  const { title, intro, submit, fields = [], newPassword, onSubmit, footer } = props;
  const [values, setValues] = useState<Credentials>({ name: "", email: "", password: "", invite: "" });
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const set = (field: keyof Credentials) => (event: { target: { value: string } }) =>
    setValues((old) => ({ ...old, [field]: event.target.value }));
  const errorOf = (field: string) => fieldMessage(problem, field);
  // Of a field that is not shown, such as the invitation of a link, the form itself says what is wrong.
  const shown = ["email", "password", ...fields];
  const inline =
    problem instanceof Problem &&
    problem.fields.length > 0 &&
    problem.fields.every(({ field }) => shown.includes(field));

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await onSubmit({ ...values, email: values.email.trim(), name: values.name.trim(), invite: values.invite.trim() });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <AuthPage title={title} intro={intro} footer={footer}>
      <form onSubmit={send} className="grid gap-4 rounded-xl border bg-surface p-5 shadow-card">
        {problem !== null && !inline && <Notice tone="danger">{explain(problem)}</Notice>}
        {fields.includes("name") && (
          <Field label="Name" error={errorOf("name")}>
            {(control) => (
              <Input {...control} value={values.name} onChange={set("name")} autoComplete="name" required autoFocus />
            )}
          </Field>
        )}
        <Field label="Email" error={errorOf("email")}>
          {(control) => (
            <Input
              {...control}
              type="email"
              value={values.email}
              onChange={set("email")}
              autoComplete="username"
              required
              autoFocus={!fields.includes("name")}
            />
          )}
        </Field>
        <Field
          label="Password"
          hint={newPassword ? "12 characters or more, such as a few words." : undefined}
          error={errorOf("password")}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              value={values.password}
              onChange={set("password")}
              autoComplete={newPassword ? "new-password" : "current-password"}
              minLength={newPassword ? MIN_PASSWORD_LENGTH : undefined}
              required
            />
          )}
        </Field>
        {fields.includes("invite") && (
          <Field label="Invitation code" error={errorOf("invite")}>
            {(control) => <Input {...control} value={values.invite} onChange={set("invite")} required />}
          </Field>
        )}
        <Button type="submit" variant="primary" size="lg" disabled={busy}>
          {busy ? "Please wait…" : submit}
        </Button>
      </form>
    </AuthPage>
  );
}
