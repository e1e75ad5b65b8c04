import { X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cn } from "@/ui/cn";
import { EVENT_GROUPS, unknownEvents } from "./webhook-events";

interface Props {
  /** Whether all events are sent, also types that are added later. */
  all: boolean;
  chosen: ReadonlySet<string>;
  error: string | undefined;
  onAll: (all: boolean) => void;
  onChosen: (chosen: ReadonlySet<string>) => void;
}

/** Chooses the event types of a webhook. An empty selection stands for all events, as in the API. */
export function WebhookEventPicker({ all, chosen, error, onAll, onChosen }: Props) {
  const noteId = useId();
  const unknown = unknownEvents([...chosen]);
  const toggle = (event: string) => {
    const next = new Set(chosen);
    if (!next.delete(event)) next.add(event);
    onChosen(next);
  };
  const hint = all
    ? undefined
    : chosen.size > 0
      ? "Without a selected type, all events are sent."
      : "No type is selected, so all events are sent.";
  const note = error ? `Events ${error}.` : hint;
  return (
    <fieldset className="grid gap-1.5" aria-describedby={note && noteId}>
      <legend className="mb-1.5 font-medium text-xs">Events</legend>
      <Choice label="All events" checked={all} onChange={() => onAll(true)} />
      <Choice label="Selected events" checked={!all} onChange={() => onAll(false)} />
      {!all && (
        <div className="scroll-thin mt-1.5 grid max-h-72 gap-3 overflow-y-auto rounded-lg border bg-sunken p-3">
          {unknown.length > 0 && (
            <Group name="Unknown types">
              <p className="mb-1.5 text-muted-foreground text-xs">The server refuses types that it does not know.</p>
              <ul className="flex flex-wrap gap-1">
                {unknown.map((event) => (
                  <UnknownType key={event} name={event} onRemove={() => toggle(event)} />
                ))}
              </ul>
            </Group>
          )}
          {EVENT_GROUPS.map(([name, events]) => (
            <Group key={name} name={name}>
              <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
                {events.map((event) => (
                  <label key={event} className="flex items-center gap-2 font-mono text-xs">
                    <input
                      type="checkbox"
                      className="accent-primary"
                      checked={chosen.has(event)}
                      onChange={() => toggle(event)}
                    />
                    {event}
                  </label>
                ))}
              </div>
            </Group>
          ))}
        </div>
      )}
      {note && (
        <p
          id={noteId}
          role={error ? "alert" : undefined}
          className={cn("text-xs [overflow-wrap:anywhere]", error ? "text-danger" : "text-muted-foreground")}
        >
          {note}
        </p>
      )}
    </fieldset>
  );
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-2xs text-muted-foreground">{name}</legend>
      {children}
    </fieldset>
  );
}

function UnknownType({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <li className="flex h-6 max-w-full items-center gap-0.5 rounded-full bg-warning-soft pr-0.5 pl-2 font-mono text-warning text-xs">
      <span dir="auto" className="truncate">
        {name}
      </span>
      <button
        type="button"
        aria-label={`Remove event type ${name}`}
        onClick={onRemove}
        className="grid size-5 shrink-0 place-items-center rounded-full hover:bg-border"
      >
        <X className="size-3" />
      </button>
    </li>
  );
}

function Choice({ label, checked, onChange }: { label: string; checked: boolean; onChange: () => void }) {
  return (
    <label className="flex items-center gap-2">
      <input type="radio" name="which-events" className="accent-primary" checked={checked} onChange={onChange} />
      {label}
    </label>
  );
}
