import { ChevronLeft, ChevronRight, ChevronsLeft, ChevronsRight, GitCompare, History, Pause, Play } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "@/ui/button";
import { isEnter } from "@/ui/enter-key";
import { Input } from "@/ui/field";
import { Tooltip } from "@/ui/tooltip";
import { formatDay, formatMoment, fromFieldValue, momentAt, partOf, toFieldValue } from "./moments";

interface Props {
  at: string;
  /** The earliest and the latest moment that can be shown. */
  first: string;
  last: string;
  loading: boolean;
  /** What happened last before the moment. */
  happened: string | null;
  canStep: { dayBack: boolean; dayForward: boolean; eventBack: boolean; eventForward: boolean };
  playing: boolean;
  changesOpen: boolean;
  onMoment: (at: string) => void;
  onDay: (days: number) => void;
  onEvent: (direction: 1 | -1) => void;
  onPlay: () => void;
  onChanges: () => void;
  onNow: () => void;
}

/** While the slider moves, boards are loaded at this pace. */
const SLIDE_MS = 150;
const SLIDER_STEPS = 1_000;

/** The controls of the past: which moment is shown, and the ways to another one. */
export function TimeBar(props: Props) {
  const { at, first, last, loading, happened, canStep, playing, changesOpen } = props;
  return (
    <section aria-label="Board of the past" className="shrink-0 border-b bg-accent px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <p
          data-testid="past-banner"
          aria-busy={loading}
          className="flex w-full min-w-0 items-center gap-2 font-semibold text-accent-foreground text-sm sm:w-auto"
        >
          <History className="size-4 shrink-0" aria-hidden="true" />
          <span className="tabular">Board as of {formatMoment(at)}</span>
        </p>
        <p dir="auto" className="min-w-0 flex-1 truncate text-muted-foreground text-xs">
          {loading ? "Loading…" : happened}
        </p>
        <div className="ml-auto flex items-center gap-1.5">
          <Button aria-pressed={changesOpen} onClick={props.onChanges}>
            <GitCompare /> Changes
          </Button>
          <Button variant="primary" onClick={props.onNow}>
            Back to now
          </Button>
        </div>
      </div>
      <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="flex min-w-0 flex-1 basis-80 items-center gap-1">
          <Step label="A day earlier" enabled={canStep.dayBack} onStep={() => props.onDay(-1)}>
            <ChevronsLeft />
          </Step>
          <Step label="One event earlier" enabled={canStep.eventBack} onStep={() => props.onEvent(-1)}>
            <ChevronLeft />
          </Step>
          <Slider at={at} first={first} last={last} onMoment={props.onMoment} />
          <Step label="One event later" enabled={canStep.eventForward} onStep={() => props.onEvent(1)}>
            <ChevronRight />
          </Step>
          <Step label="A day later" enabled={canStep.dayForward} onStep={() => props.onDay(1)}>
            <ChevronsRight />
          </Step>
        </div>
        <div className="flex items-center gap-1.5">
          <Button aria-pressed={playing} onClick={props.onPlay}>
            {playing ? <Pause /> : <Play />} {playing ? "Pause" : "Play"}
          </Button>
          <MomentField at={at} first={first} last={last} onMoment={props.onMoment} />
        </div>
      </div>
    </section>
  );
}

interface StepProps {
  label: string;
  enabled: boolean;
  onStep: () => void;
  children: ReactNode;
}

/** Stays focusable when it cannot step, so that keyboard users do not lose their place at an end. */
function Step({ label, enabled, onStep, children }: StepProps) {
  return (
    <Tooltip label={label}>
      <Button
        variant="ghost"
        size="icon"
        aria-label={label}
        aria-disabled={!enabled}
        onClick={() => enabled && onStep()}
        className="text-accent-foreground aria-disabled:cursor-not-allowed aria-disabled:opacity-40"
      >
        {children}
      </Button>
    </Tooltip>
  );
}

interface MomentProps {
  at: string;
  first: string;
  last: string;
  onMoment: (at: string) => void;
}

function Slider({ at, first, last, onMoment }: MomentProps) {
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => {
    if (draft === null) return;
    const timer = setTimeout(() => onMoment(draft), SLIDE_MS);
    return () => clearTimeout(timer);
  }, [draft, onMoment]);
  // The thumb stays where it was put until the moment follows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another moment ends the draft
  useEffect(() => setDraft(null), [at]);
  const shown = draft ?? at;
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2 text-2xs text-muted-foreground">
      <span className="tabular hidden shrink-0 lg:inline">{formatDay(first)}</span>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={formatMoment(shown)}
        min={0}
        max={SLIDER_STEPS}
        step="any"
        value={partOf(shown, first, last) * SLIDER_STEPS}
        onChange={(event) => setDraft(momentAt(event.target.valueAsNumber / SLIDER_STEPS, first, last))}
        onKeyDown={(event) => {
          // Without a step, browsers move by a hundredth of the scale.
          const part = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[
            event.key
          ];
          if (part === undefined) return;
          event.preventDefault();
          setDraft(momentAt(Math.min(1, Math.max(0, partOf(shown, first, last) + part / 100)), first, last));
        }}
        className="slider w-full min-w-0"
      />
      <span className="hidden shrink-0 lg:inline">Now</span>
    </div>
  );
}

/**
 * Applied on Enter and when the field is left, because a date that is being typed is another date at every digit. What is
 * being typed stays when the moment changes meanwhile.
 */
function MomentField({ at, first, last, onMoment }: MomentProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const value = draft ?? toFieldValue(at);
  const apply = () => {
    const next = fromFieldValue(value);
    setDraft(null);
    if (next !== null && value !== toFieldValue(at)) onMoment(next);
  };
  return (
    <Input
      type="datetime-local"
      aria-label="Date and time"
      data-testid="past-moment"
      value={value}
      min={toFieldValue(first).slice(0, 16)}
      max={toFieldValue(last)}
      step={value.length > 16 ? 1 : 60}
      onChange={(event) => setDraft(event.target.value)}
      onKeyDown={(event) => isEnter(event) && apply()}
      onBlur={apply}
      className="tabular w-auto"
    />
  );
}
