import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, NativeSelect } from "@/ui/field";
import { columnName, type DraftColumn } from "./draft";
import { describeCount, type TicketCount } from "./ticket-count";

interface Props {
  column: DraftColumn;
  tickets: TicketCount;
  others: readonly DraftColumn[];
  onCancel: () => void;
  onRemove: (takenBy: string) => void;
}

/** Asks where the tickets of a column go before it is removed. */
export function RemoveColumnDialog({ column, tickets, others, onCancel, onRemove }: Props) {
  const alike = others.find(({ category }) => category === column.category) ?? others[0];
  const [moveTo, setMoveTo] = useState(alike?.key ?? "");
  const target = others.find(({ key }) => key === moveTo);
  const resolves = target?.category === "done" && column.category !== "done";
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onCancel()}
      title={`Delete column ${columnName(column)}`}
      description={`It has ${describeCount(tickets)}, which move to another column when you save the board.`}
    >
      <Field
        label="Move tickets to"
        hint={resolves ? `${columnName(target)} is a done column: the tickets are resolved.` : undefined}
      >
        {(control) => (
          <NativeSelect {...control} value={moveTo} onChange={(event) => setMoveTo(event.target.value)}>
            {others.map((other) => (
              <option key={other.key} value={other.key}>
                {columnName(other)}
              </option>
            ))}
          </NativeSelect>
        )}
      </Field>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button variant="danger" onClick={() => onRemove(moveTo)}>
          Delete column
        </Button>
      </DialogActions>
    </Dialog>
  );
}
