import { ChevronDown } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn";

export const inputClass =
  "w-full min-w-0 rounded-md border border-border-strong bg-surface px-2.5 text-foreground shadow-card placeholder:text-muted-foreground/80 disabled:opacity-60 aria-invalid:border-danger";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input dir="auto" className={cn(inputClass, "h-8", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea dir="auto" className={cn(inputClass, "min-h-20 py-2 leading-relaxed", className)} {...props} />;
}

interface SelectProps extends ComponentProps<"select"> {
  /** Shows its border only on hover and focus, for lists of properties. */
  quiet?: boolean;
}

export const quietClass =
  "border-transparent bg-transparent shadow-none hover:border-border-strong hover:bg-surface focus:border-border-strong focus:bg-surface";

/** A native select, for its support on phones and screen readers. `className` sizes the wrapper. */
export function NativeSelect({ className, quiet, ...props }: SelectProps) {
  return (
    <span className={cn("group/select relative inline-block w-full min-w-0", className)}>
      <select
        className={cn(
          inputClass,
          "h-8 appearance-none truncate",
          quiet ? cn(quietClass, "pr-1 hover:pr-7 focus:pr-7") : "pr-7",
          props.value && "group-[.is-set]/select:border-primary group-[.is-set]/select:bg-accent",
        )}
        {...props}
      />
      <ChevronDown
        aria-hidden="true"
        className={cn(
          "pointer-events-none absolute top-2 right-2 size-4 text-muted-foreground",
          quiet && "opacity-0 group-focus-within/select:opacity-100 group-hover/select:opacity-100",
        )}
      />
    </span>
  );
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  className?: string;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }) => ReactNode;
}

/** A labelled control, with the hint and the error as its accessible description. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  const described = hint || error ? note : undefined;
  return (
    <div className={cn("grid gap-1.5", className)}>
      <label htmlFor={id} className="font-medium text-xs">
        {label}
      </label>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {described && (
        <p id={note} className={cn("text-xs", error ? "text-danger" : "text-muted-foreground")}>
          {error || hint}
        </p>
      )}
    </div>
  );
}

interface SwitchProps {
  label: string;
  hint?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

export function SwitchRow({ label, hint, checked, disabled, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-6 py-2.5">
      <div>
        <p id={id} className="font-medium">
          {label}
        </p>
        {hint && (
          <p id={`${id}-hint`} className="text-muted-foreground text-xs">
            {hint}
          </p>
        )}
      </div>
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-labelledby={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        disabled={disabled}
        onClick={() => onChange(!checked)}
        className={cn(
          "mt-0.5 inline-flex h-5 w-9 shrink-0 items-center rounded-full border border-transparent transition-colors disabled:opacity-55",
          checked ? "bg-primary" : "bg-border-strong",
        )}
      >
        <span
          className={cn(
            "size-4 rounded-full bg-white shadow transition-transform",
            checked ? "translate-x-[17px]" : "translate-x-0.5",
          )}
        />
      </button>
    </div>
  );
}
