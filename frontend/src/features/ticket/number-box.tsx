import { cn } from "@/ui/cn";
import { isEnter } from "@/ui/enter-key";
import { Input, quietClass } from "@/ui/field";
import { unsavedClass, unsavedProps, useKeptField } from "./use-kept-field";

interface Props {
  label: string;
  unit?: string;
  value: number | null;
  editable: boolean;
  /** Where what is typed is kept. */
  place: string;
  onSave: (value: number | null) => Promise<boolean>;
}

/** A number, or nothing; saved when the field is left. */
export function NumberBox({ label, unit, value, editable, place, onSave }: Props) {
  const field = useKeptField({ place, saved: value === null ? "" : String(value), parse: parseNumber, onSave });
  return (
    <Input
      aria-label={label}
      className={cn(quietClass, unsavedClass(field))}
      inputMode="numeric"
      placeholder={unit ?? "–"}
      value={field.value}
      disabled={!editable}
      onChange={(event) => field.set(event.target.value)}
      onBlur={field.save}
      onKeyDown={(event) => {
        if (isEnter(event)) field.save();
      }}
      {...unsavedProps(field, "a number of 0 or more")}
    />
  );
}

/** A number of 0 or more, null for an empty text; undefined for anything else. */
export function parseNumber(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const number = Number(text.replace(",", "."));
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
