interface Props {
  items: readonly { name: string; color: string; line?: boolean; dashed?: boolean }[];
}

/** What the colors of a chart mean. */
export function Legend({ items }: Props) {
  if (items.length < 2) return null;
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1 text-muted-foreground text-xs">
      {items.map(({ name, color, line, dashed }) => (
        <li key={name} className="flex min-w-0 items-center gap-1.5">
          <svg width="12" height="10" aria-hidden="true" className="shrink-0">
            {line ? (
              <line x1="0" x2="12" y1="5" y2="5" stroke={color} strokeWidth="2" strokeDasharray={dashed ? "3 2" : ""} />
            ) : (
              <rect x="1" y="0" width="10" height="10" rx="2" fill={color} />
            )}
          </svg>
          <span className="max-w-40 truncate">{name}</span>
        </li>
      ))}
    </ul>
  );
}
