import { Popover } from "radix-ui";
import { TYPE_ICONS, TypeIcon, typeEmoji, typeIconName } from "@/entities/ticket/type-icon";
import { cn } from "@/ui/cn";
import { Field, Input } from "@/ui/field";
import { type DraftType, typeName } from "./draft";
import { MAX_ICON } from "./problems";

interface Props {
  type: DraftType;
  disabled: boolean;
  onChange: (icon: string) => void;
}

/** The icon of a type: one of those that cards draw, or an emoji. */
export function IconPicker({ type, disabled, onChange }: Props) {
  const name = typeName(type);
  const emoji = typeEmoji(type.icon);
  const current = emoji ? null : typeIconName(type.icon, type.id ?? "");
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button
          type="button"
          disabled={disabled}
          aria-label={`Icon of ${name}`}
          className="grid size-8 shrink-0 place-items-center rounded-md border border-border-strong bg-surface shadow-card hover:bg-muted disabled:cursor-default disabled:opacity-60"
        >
          <span aria-hidden="true" className="contents">
            <TypeIcon type={{ ...type, id: type.id ?? "" }} id={type.id ?? ""} />
          </span>
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={`Icon of ${name}`}
          className="z-58 grid w-64 gap-3 rounded-lg border bg-surface p-3 shadow-pop data-[state=open]:animate-in data-[state=open]:fade-in-0"
        >
          <div className="grid grid-cols-6 gap-1">
            {TYPE_ICONS.map(([icon, label]) => (
              <Popover.Close asChild key={icon}>
                <button
                  type="button"
                  title={label}
                  aria-label={label}
                  aria-pressed={current === icon}
                  onClick={() => onChange(icon)}
                  className={cn(
                    "grid size-9 place-items-center rounded-md hover:bg-muted",
                    current === icon && "bg-accent ring-1 ring-primary",
                  )}
                >
                  <span aria-hidden="true" className="contents">
                    <TypeIcon type={{ id: icon, name: label, icon, color: type.color }} id={icon} />
                  </span>
                </button>
              </Popover.Close>
            ))}
          </div>
          <Field label="Or an emoji">
            {(control) => (
              <Input
                {...control}
                value={emoji ?? ""}
                placeholder="🚀"
                maxLength={MAX_ICON}
                className="text-center"
                onChange={(event) => onChange(lastEmoji(event.target.value))}
              />
            )}
          </Field>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** The last emoji of what was typed, so that another one replaces the first. */
function lastEmoji(text: string): string {
  const parts = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  return parts.findLast((part) => /\p{Extended_Pictographic}/u.test(part)) ?? "";
}
