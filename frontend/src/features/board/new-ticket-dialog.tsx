import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { explain, fieldMessage, tickets } from "@/api";
import type { Actor } from "@/api/hooks";
import { randomId } from "@/api/random-id";
import type { BoardConfig, Priority } from "@/api/types";
import { PRIORITIES, PRIORITY_NAMES } from "@/entities/ticket/priority-icon";
import { Button } from "@/ui/button";
import { contentLength } from "@/ui/content-length";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { isSubmit } from "@/ui/enter-key";
import { Field, Input, NativeSelect, Textarea } from "@/ui/field";
import { Notice } from "@/ui/states";
import { toast } from "@/ui/toast";
import { readLike, useDraft } from "@/ui/use-draft";
import { SimilarTickets, similarityNote } from "./similar-tickets";

interface Props {
  workflowId: string;
  config: BoardConfig;
  people: readonly Actor[];
  /** Column of the new ticket; null while the dialog is closed. */
  column: string | null;
  onClose: () => void;
  onCreated: (ticketId: string) => void;
}

const MIN_TITLE_LENGTH = 3;
const MIN_DESCRIPTION_LENGTH = 10;

export function NewTicketDialog({ column, onClose, ...props }: Props) {
  return (
    <Dialog open={column !== null} onOpenChange={(open) => !open && onClose()} title="New ticket" className="max-w-xl">
      {column !== null && <NewTicketForm column={column} onClose={onClose} {...props} />}
    </Dialog>
  );
}

function NewTicketForm({ workflowId, config, people, column, onClose, onCreated }: Props & { column: string }) {
  // One idempotency key per form, so that a retry after a lost response creates no second ticket.
  const [key] = useState(() => randomId());
  const [tried, setTried] = useState(false);
  const draft = useDraft(
    `workflow.${workflowId}.new-ticket`,
    {
      title: "",
      description: "",
      type: config.default_ticket_type,
      priority: "medium" as Priority,
      status: column,
      assignee: "",
      tags: "",
    },
    (stored, start) => readForm(stored, start, config, people),
  );
  const form = draft.value;
  const set = (field: keyof typeof form) => (event: { target: { value: string } }) =>
    draft.set((old) => ({ ...old, [field]: event.target.value }));
  const title = form.title.trim();
  const description = form.description.trim();
  const titleIsShort = contentLength(title) < MIN_TITLE_LENGTH;
  const descriptionIsShort =
    contentLength(description) < MIN_DESCRIPTION_LENGTH &&
    (description !== "" || config.settings.require_description === true);
  const create = useMutation({
    mutationFn: () =>
      tickets.create(
        {
          workflow_id: workflowId,
          title,
          description,
          ticket_type: form.type,
          priority: form.priority,
          initial_status: form.status,
          ...(form.assignee ? { assigned_agent_id: form.assignee } : {}),
          tags: splitTags(form.tags),
        },
        key,
      ),
    onSuccess: ({ ticket_id, key: name, similar_tickets }) => {
      draft.clear();
      onClose();
      toast.success(`${name} created`, {
        description: similarityNote(similar_tickets),
        action: { label: "View ticket", onClick: () => onCreated(ticket_id) },
      });
    },
  });
  const errorOf = (field: string) => fieldMessage(create.error, field);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!titleIsShort && !descriptionIsShort && !create.isPending) create.mutate();
  };

  return (
    <form
      onSubmit={submit}
      noValidate
      data-draft
      className="grid gap-4"
      onKeyDown={(event) => {
        if (isSubmit(event)) submit(event);
      }}
    >
      <DraftNote draft={{ ...draft, baseChanged: false }} />
      {create.isError && <Notice tone="danger">{explain(create.error)}</Notice>}
      <Field
        label="Title"
        error={tried && titleIsShort ? `At least ${MIN_TITLE_LENGTH} characters.` : errorOf("title")}
      >
        {(control) => (
          <Input {...control} value={form.title} onChange={set("title")} maxLength={500} required autoFocus />
        )}
      </Field>
      <Field
        label="Description"
        hint={`${config.settings.require_description ? "" : "Optional. "}Markdown is supported. Describe the goal and when it is done.`}
        error={tried && descriptionIsShort ? `At least ${MIN_DESCRIPTION_LENGTH} characters.` : errorOf("description")}
      >
        {(control) => (
          <Textarea
            {...control}
            value={form.description}
            onChange={set("description")}
            rows={6}
            required={config.settings.require_description === true}
          />
        )}
      </Field>
      <SimilarTickets workflowId={workflowId} title={title} description={description} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Status" error={errorOf("initial_status")}>
          {(control) => (
            <NativeSelect {...control} value={form.status} onChange={set("status")}>
              {config.columns.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="Type" error={errorOf("ticket_type")}>
          {(control) => (
            <NativeSelect {...control} value={form.type} onChange={set("type")}>
              {config.ticket_types.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="Priority">
          {(control) => (
            <NativeSelect {...control} value={form.priority} onChange={set("priority")}>
              {PRIORITIES.map((priority) => (
                <option key={priority} value={priority}>
                  {PRIORITY_NAMES[priority]}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="Assignee" error={errorOf("assigned_agent_id")}>
          {(control) => (
            <NativeSelect {...control} value={form.assignee} onChange={set("assignee")}>
              <option value="">Unassigned</option>
              {people.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
      </div>
      <Field label="Tags" hint="Separate tags with commas.">
        {(control) => <Input {...control} value={form.tags} onChange={set("tags")} />}
      </Field>
      {/* Sticky, so that the buttons stay visible in a long form. */}
      <div className="sticky -bottom-5 z-10 -mx-5 -mb-5 rounded-b-xl border-t bg-surface px-5 pb-4 [&>*]:mt-3">
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={create.isPending}>
            {create.isPending ? "Creating…" : "Create ticket"}
          </Button>
        </DialogActions>
      </div>
    </form>
  );
}

interface Form {
  title: string;
  description: string;
  type: string;
  priority: Priority;
  status: string;
  assignee: string;
  tags: string;
}

/** A stored form. What it chose may be gone, and a column whose "+" was pressed is the choice that counts. */
function readForm(stored: unknown, start: Form, config: BoardConfig, people: readonly Actor[]): Form | null {
  const form = readLike(stored, start);
  if (!form) return null;
  const has = (list: ReadonlyArray<{ id: string }>, id: string) => list.some((each) => each.id === id);
  return {
    ...form,
    type: has(config.ticket_types, form.type) ? form.type : start.type,
    priority: PRIORITIES.includes(form.priority) ? form.priority : start.priority,
    status: start.status === config.initial_status && has(config.columns, form.status) ? form.status : start.status,
    assignee: people.length === 0 || has(people, form.assignee) ? form.assignee : "",
  };
}

export function splitTags(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter(Boolean);
}
