import { useState } from "react";
import { Dialog } from "@/ui/dialog";
import { Input } from "@/ui/field";
import { keyLabels } from "@/ui/shortcut-keys";
import { Kbd } from "@/ui/states";
import { type ListedShortcut, listShortcuts } from "@/ui/use-shortcuts";

/** Keys that controls handle themselves. */
const EVERYWHERE: readonly ListedShortcut[] = [
  { keys: ["Tab"], label: "Next control", group: "Everywhere" },
  { keys: ["Escape"], label: "Close a dialog or menu", group: "Everywhere" },
];

/** All shortcuts of the page below, as they are registered when the sheet is opened. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const [groups] = useState(() => {
    const listed = listShortcuts();
    const everywhere = [...(listed.get("Everywhere") ?? []), ...EVERYWHERE];
    listed.delete("Everywhere");
    return [...listed.set("Everywhere", everywhere)];
  });
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ keys, label, group }: ListedShortcut) => {
    const all = `${label} ${group} ${keys.flatMap(keyLabels).join(" ")}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const shown = groups
    .map(([group, shortcuts]) => [group, shortcuts.filter(matches)] as const)
    .filter(([, shortcuts]) => shortcuts.length > 0);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Keyboard shortcuts" className="max-w-md">
      <div className="grid gap-4 pt-1">
        <Input
          type="search"
          aria-label="Find a shortcut"
          placeholder="Find a shortcut"
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {shown.length === 0 && <p className="py-4 text-center text-muted-foreground">No shortcut found.</p>}
        {shown.map(([group, shortcuts]) => (
          <section key={group} aria-label={group}>
            <h3 className="mb-1 font-medium text-2xs text-muted-foreground">{group}</h3>
            <dl>
              {shortcuts.map(({ keys, label }) => (
                <div key={label} className="flex min-h-8 items-center justify-between gap-4 border-b last:border-b-0">
                  <dt>{label}</dt>
                  <dd className="flex shrink-0 items-center gap-2">
                    {keys.map((name) => (
                      <span key={name} className="flex gap-1">
                        {keyLabels(name).map((part) => (
                          <Kbd key={part}>{part}</Kbd>
                        ))}
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
