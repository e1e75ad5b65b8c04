import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  intro?: string;
  action?: ReactNode;
  children: ReactNode;
}

export function Section({ title, intro, action, children }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex items-end justify-between gap-4">
        <div>
          <h2 id={id} className="font-semibold text-sm">
            {title}
          </h2>
          {intro && <p className="text-muted-foreground text-xs">{intro}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

export const panelClass = "overflow-hidden rounded-xl border bg-surface shadow-card";
