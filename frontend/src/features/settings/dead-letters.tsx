import { RotateCcw, Trash2 } from "lucide-react";
import { explain } from "@/api";
import type { DeadLetter } from "@/api/types";
import { Button } from "@/ui/button";
import { plural } from "@/ui/plural";
import { confirm } from "@/ui/prompt-dialog";
import { ShowMore } from "@/ui/show-more";
import { Notice, Spinner } from "@/ui/states";
import { TimeAgo } from "@/ui/time";
import { useDeadLetterActions, useDeadLetters } from "./use-webhooks";

/** Events that the receiver refused and that were set aside, newest first. */
export function DeadLetters({ webhookId, editable }: { webhookId: string; editable: boolean }) {
  const list = useDeadLetters(webhookId);
  const letters = list.data?.pages.flatMap((page) => page.dead_letters) ?? [];
  if (list.isPending) return <Spinner label="Loading refused events…" className="p-3" />;
  if (list.isError && letters.length === 0) return <Notice tone="danger">{explain(list.error)}</Notice>;
  if (letters.length === 0) return <p className="text-muted-foreground text-xs">No refused events.</p>;
  return (
    <div className="grid gap-2">
      <ul aria-label="Refused events" className="divide-y rounded-lg border bg-sunken text-xs">
        {letters.map((letter) => (
          <Letter key={letter.dead_letter_id} letter={letter} editable={editable} />
        ))}
      </ul>
      <ShowMore list={list} size="sm" className="justify-self-start" />
    </div>
  );
}

function Letter({ letter, editable }: { letter: DeadLetter; editable: boolean }) {
  const { dead_letter_id: id, webhook_id, event_type, seq, attempts, error, created_at } = letter;
  const { replay, discard } = useDeadLetterActions(webhook_id);
  const name = `${event_type} #${seq}`;
  const confirmAndDiscard = async () => {
    const yes = await confirm({
      title: "Discard event?",
      description: `${name} is not sent again. It stays in the history.`,
      submit: "Discard event",
    });
    if (yes) discard.mutate(id);
  };
  return (
    <li data-dead-letter={id} className="flex flex-wrap items-center gap-x-2 gap-y-0.5 px-3 py-1.5">
      <span className="font-mono">{event_type}</span>
      <span className="tabular text-muted-foreground">#{seq}</span>
      <span className="tabular text-muted-foreground">{plural(attempts, "attempt")}</span>
      <TimeAgo at={created_at} className="text-muted-foreground" />
      {editable && (
        <span className="ml-auto flex gap-1">
          <Button
            size="sm"
            disabled={replay.isPending}
            onClick={() => replay.mutate(id)}
            aria-label={`Send ${name} again`}
          >
            <RotateCcw /> {replay.isPending ? "Sending…" : "Send again"}
          </Button>
          <Button
            variant="ghost"
            size="icon-sm"
            disabled={discard.isPending}
            onClick={() => void confirmAndDiscard()}
            aria-label={`Discard ${name}`}
          >
            <Trash2 />
          </Button>
        </span>
      )}
      {error && <p className="basis-full text-danger [overflow-wrap:anywhere]">{error}</p>}
    </li>
  );
}
