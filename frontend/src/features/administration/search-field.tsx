import { Search } from "lucide-react";
import { Input } from "@/ui/field";
import { useDebouncedInput } from "@/ui/use-debounced-input";

const PAUSE_MS = 250;

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** Filters a list while typing, after a pause. */
export function SearchField({ label, value, onChange }: Props) {
  const { text, setText, flush } = useDebouncedInput(value, onChange, PAUSE_MS);
  return (
    <form
      className="relative w-full max-w-72"
      onSubmit={(event) => {
        event.preventDefault();
        flush();
      }}
    >
      <Search aria-hidden="true" className="absolute top-2 left-2.5 size-4 text-muted-foreground" />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        className="pl-8"
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}
