import { SwitchRow } from "@/ui/field";
import { panelClass, Section } from "@/ui/section";
import type { EditorProps } from "./editor-props";
import { TOGGLES } from "./labels";

export function RulesEditor({ draft, disabled, onChange }: EditorProps) {
  return (
    <Section title="Rules">
      <div className={`${panelClass} divide-y px-4`}>
        {TOGGLES.map(([field, label, hint]) => (
          <SwitchRow
            key={field}
            label={label}
            hint={hint}
            disabled={disabled}
            checked={draft.settings[field]}
            onChange={(checked) => onChange((old) => ({ ...old, settings: { ...old.settings, [field]: checked } }))}
          />
        ))}
      </div>
    </Section>
  );
}
