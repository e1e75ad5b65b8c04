import { Command } from "cmdk";
import { ArrowLeft, Check } from "lucide-react";
import { useEffect, useState } from "react";
import { explain } from "@/api";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/states";
import { isComposing } from "@/ui/use-shortcuts";
import { groupClass, type PaletteItem, type PaletteStep, rowClass } from "./palette-types";

interface Props {
  step: PaletteStep;
  onBack: () => void;
  onStep: (step: PaletteStep) => void;
  onDone: () => void;
}

type State = { items: readonly PaletteItem[] } | { error: unknown } | null;

/** A list that an entry leads to. Backspace in the empty field goes back. */
export function StepList({ step, onBack, onStep, onDone }: Props) {
  const [text, setText] = useState("");
  const [state, setState] = useState<State>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the list again
  useEffect(() => {
    let left = false;
    setState(null);
    step.load().then(
      (items) => !left && setState({ items }),
      (error: unknown) => !left && setState({ error }),
    );
    return () => {
      left = true;
    };
  }, [step, attempt]);
  const select = (item: PaletteItem) => {
    if (item.step) {
      onStep(item.step());
      return;
    }
    onDone();
    item.run();
  };
  const failed = state !== null && "error" in state;
  return (
    <Command
      loop
      label={step.title}
      filter={(_, search, keywords = []) => (keywords.join(" ").toLowerCase().includes(search.toLowerCase()) ? 1 : 0)}
      onKeyDown={(event) => {
        if (event.key !== "Backspace" || text !== "" || isComposing(event.nativeEvent)) return;
        event.preventDefault();
        onBack();
      }}
    >
      <div className="flex items-center gap-2 border-b px-3">
        <Button variant="ghost" size="icon-sm" aria-label="Back" onClick={onBack}>
          <ArrowLeft />
        </Button>
        <span
          dir="auto"
          className="max-w-[45%] shrink-0 truncate rounded bg-muted px-1.5 py-0.5 text-muted-foreground text-xs"
        >
          {step.title}
        </span>
        <Command.Input
          value={text}
          onValueChange={setText}
          autoFocus
          placeholder={step.placeholder}
          className="h-12 min-w-0 flex-1 bg-transparent text-sm outline-none placeholder:text-muted-foreground"
        />
        <Kbd>Esc</Kbd>
      </div>
      <Command.List className="scroll-thin max-h-[50vh] overflow-y-auto p-1.5">
        {failed ? (
          <div role="alert" className="grid justify-items-center gap-3 px-4 py-8 text-center text-muted-foreground">
            {explain(state.error)}
            <Button size="sm" onClick={() => setAttempt((old) => old + 1)}>
              Try again
            </Button>
          </div>
        ) : (
          <Command.Empty className="px-4 py-8 text-center text-muted-foreground">
            {state ? "Nothing found." : "Loading…"}
          </Command.Empty>
        )}
        {state && "items" in state && (
          <Command.Group className={groupClass}>
            {state.items.map((item) => (
              <Command.Item
                key={item.id}
                value={item.id}
                keywords={[item.name]}
                onSelect={() => select(item)}
                className={rowClass}
              >
                {item.icon}
                <span dir="auto" className="min-w-0 flex-1 truncate">
                  {item.name}
                </span>
                {item.hint && <span className="shrink-0 text-2xs text-muted-foreground">{item.hint}</span>}
                {item.current && <Check aria-label="Current" />}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}
