import { Link } from "@tanstack/react-router";
import { FileDown } from "lucide-react";
import type { FormEvent, ReactNode } from "react";
import { explain } from "@/api";
import { useMe } from "@/api/hooks";
import { Button } from "@/ui/button";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input } from "@/ui/field";
import { Notice } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { TemplatePicker } from "./template-picker";
import { useCreateWorkflow } from "./use-create-workflow";

/** The start page of an account without workflows: create the first one, import into it, or accept an invitation. */
export function FirstPage({ invitations }: { invitations: ReactNode }) {
  useTitle("Welcome");
  const me = useMe();
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl grid-cols-[minmax(0,1fr)] gap-6 px-4 py-8 sm:py-12">
        <header className="grid gap-1">
          <h1 className="font-semibold text-xl tracking-tight [overflow-wrap:anywhere]">
            Welcome{me ? `, ${me.name}` : ""}
          </h1>
          <p className="text-balance text-muted-foreground">
            A workflow is a board with its members and rules. People and agents move its tickets, and everyone sees it
            happen.
          </p>
        </header>
        {invitations}
        <FirstWorkflow />
        <p className="border-t pt-4 text-muted-foreground text-xs">
          Joining a team? Open the invite link that you were sent, or ask the owner of a workflow to add{" "}
          <bdi className="font-medium text-foreground">{me?.email ?? "you"}</bdi>; the invitation then appears here.{" "}
          <Link to="/workflows" className="underline underline-offset-2">
            Archived workflows
          </Link>
        </p>
      </div>
    </div>
  );
}

function FirstWorkflow() {
  const { draft, set, create } = useCreateWorkflow();
  const { name, template } = draft.value;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate("board");
  };
  return (
    <section aria-labelledby="first-workflow" className="grid gap-4">
      <h2 id="first-workflow" className="font-semibold text-sm">
        Create your first workflow
      </h2>
      <form data-draft onSubmit={submit} className="grid gap-4">
        <DraftNote draft={draft} />
        {create.isError && <Notice tone="danger">{explain(create.error)}</Notice>}
        <Field label="Name" hint="Such as a product, a team or a release. You can change it later.">
          {(control) => (
            <Input
              {...control}
              className="max-w-md"
              value={name}
              maxLength={200}
              onChange={(event) => set({ name: event.target.value })}
              required
              autoFocus
            />
          )}
        </Field>
        <TemplatePicker value={template} onChange={(next) => set({ template: next })} className="sm:grid-cols-2" />
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" variant="primary" size="lg" disabled={create.isPending}>
            Create workflow
          </Button>
          <Button
            size="lg"
            disabled={!name.trim() || create.isPending}
            onClick={() => create.mutate("import")}
            aria-describedby="import-hint"
          >
            <FileDown /> Create and import…
          </Button>
          <p id="import-hint" className="basis-full text-muted-foreground text-xs">
            Imports the tickets of Jira, Linear, GitHub, Trello, Plane, beads and other trackers, with their comments,
            links and dates, after a preview.
          </p>
        </div>
      </form>
    </section>
  );
}
