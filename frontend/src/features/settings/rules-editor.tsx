import { Plus, Trash2 } from "lucide-react";
import type { BoardSettings, TicketType } from "@/api/types";
import { Button } from "@/ui/button";
import { cssColor } from "@/ui/color";
import { Input, NativeSelect, SwitchRow } from "@/ui/field";
import { type Draft, uniqueId } from "./board-draft";
import { panelClass, Section } from "./section";

interface Props {
  draft: Draft;
  disabled: boolean;
  onChange: (draft: Draft) => void;
}

type Toggle = Exclude<keyof BoardSettings, "wip_policy">;

const TOGGLES: ReadonlyArray<[Toggle, string, string]> = [
  [
    "require_comments_on_status_change",
    "Require a comment on status changes",
    "Every status change needs a comment of at least ten characters.",
  ],
  ["require_description", "Require a description", "New tickets need a description of at least ten characters."],
  ["allow_reopen", "Allow reopening", "Tickets can be moved out of a done column."],
  ["auto_assign", "Assign new tickets to their creator", "Applies when no assignee is set."],
  [
    "human_review",
    "Require review of agents' tickets",
    "A person must approve tickets created by agents before work starts.",
  ],
  ["track_time", "Track time", "Show estimates and time spent on tickets."],
];

export function RulesEditor({ draft, disabled, onChange }: Props) {
  const { settings } = draft;
  const set = (change: Partial<BoardSettings>) => onChange({ ...draft, settings: { ...settings, ...change } });
  return (
    <Section title="Rules">
      <div className={`${panelClass} divide-y px-4`}>
        {TOGGLES.map(([field, label, hint]) => (
          <SwitchRow
            key={field}
            label={label}
            hint={hint}
            disabled={disabled}
            checked={settings[field]}
            onChange={(checked) => set({ [field]: checked })}
          />
        ))}
        <div className="flex items-center justify-between gap-6 py-2.5">
          <div>
            <p className="font-medium">When a column exceeds its WIP limit</p>
            <p className="text-muted-foreground text-xs">Show a warning, or block further tickets.</p>
          </div>
          <NativeSelect
            aria-label="When a column exceeds its WIP limit"
            className="w-28 shrink-0"
            value={settings.wip_policy}
            disabled={disabled}
            onChange={(event) => set({ wip_policy: event.target.value as BoardSettings["wip_policy"] })}
          >
            <option value="warn">Warn</option>
            <option value="refuse">Block</option>
          </NativeSelect>
        </div>
      </div>
    </Section>
  );
}

export function TypesEditor({ draft, disabled, onChange }: Props) {
  const known = new Set(draft.types.map(({ id }) => id.toLowerCase()));
  const set = (id: string, change: Partial<TicketType>) =>
    onChange({ ...draft, types: draft.types.map((type) => (type.id === id ? { ...type, ...change } : type)) });
  const add = () => {
    const id = uniqueId("type", new Set(known));
    onChange({ ...draft, types: [...draft.types, { id, name: "New type", icon: "", color: "#6b7280" }] });
  };
  return (
    <Section
      title="Ticket types"
      action={
        <Button disabled={disabled} onClick={add}>
          <Plus /> Add type
        </Button>
      }
    >
      <ul className={`${panelClass} divide-y`}>
        {draft.types.map(({ id, name, icon, color }) => (
          <li key={id} className="flex items-center gap-2 px-3 py-2">
            <input
              type="color"
              aria-label={`Color of ${name}`}
              value={/^#[0-9a-f]{6}$/i.test(color ?? "") ? (color as string) : cssColor(null)}
              disabled={disabled}
              onChange={(event) => set(id, { color: event.target.value })}
              className="size-7 shrink-0 cursor-pointer rounded-md border border-border-strong bg-surface p-0.5"
            />
            <Input
              aria-label={`Icon of ${name}`}
              placeholder="Icon"
              maxLength={8}
              value={icon ?? ""}
              disabled={disabled}
              className="w-14 shrink-0 text-center"
              onChange={(event) => set(id, { icon: event.target.value })}
            />
            <Input
              aria-label={`Name of type ${id}`}
              value={name}
              disabled={disabled}
              onChange={(event) => set(id, { name: event.target.value })}
            />
            <Button
              variant="ghost"
              size="icon-sm"
              aria-label={`Delete type ${name}`}
              disabled={disabled || draft.types.length === 1 || id === draft.defaultType}
              onClick={() => onChange({ ...draft, types: draft.types.filter((type) => type.id !== id) })}
            >
              <Trash2 />
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
