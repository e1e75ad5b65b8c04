import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { explain } from "@/api";
import type { SavedSearch } from "@/api/types";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { DraftNote } from "@/ui/draft-note";
import { Field, Input, SwitchRow } from "@/ui/field";
import { Notice } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useDraft } from "@/ui/use-draft";
import type { SavedActions } from "./saved-searches";
import type { SearchState } from "./search-state";

interface SaveProps {
  state: SearchState;
  /** False for viewers. */
  canShare: boolean;
  actions: SavedActions;
  onClose: () => void;
}

const MAX_NAME_LENGTH = 100;

export function SaveDialog({ state, canShare, actions, onClose }: SaveProps) {
  const draft = useDraft("new-saved-search", {
    name: (state.q ?? "").slice(0, MAX_NAME_LENGTH),
    shared: false,
    notify: false,
  });
  const { name, shared, notify } = draft.value;
  const set = (change: Partial<typeof draft.value>) => draft.set((old) => ({ ...old, ...change }));
  const save = useMutation({
    mutationFn: () => actions.save(state, { name: name.trim(), shared, notify }),
    onSuccess: () => {
      draft.clear();
      onClose();
      toast.success(`“${name.trim()}” saved`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && !save.isPending) save.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Save search">
      <form data-draft onSubmit={submit} noValidate className="grid gap-3">
        <DraftNote draft={{ ...draft, baseChanged: false }} />
        {save.isError && <Notice tone="danger">{explain(save.error)}</Notice>}
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              value={name}
              onChange={(event) => set({ name: event.target.value })}
              onFocus={(event) => event.target.select()}
              maxLength={MAX_NAME_LENGTH}
              required
              autoFocus
            />
          )}
        </Field>
        <div className="divide-y">
          <SwitchRow
            label="Share with workflow"
            hint="All members can see and run it. Only you and workflow owners can change it."
            checked={shared}
            disabled={!canShare}
            onChange={(next) => set({ shared: next })}
          />
          <SwitchRow
            label="Notify me"
            hint="Get notified of new matches, including those while you were away."
            checked={notify}
            onChange={(next) => set({ notify: next })}
          />
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={!name.trim() || save.isPending}>
            {save.isPending ? "Saving…" : "Save search"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface RenameProps {
  search: SavedSearch;
  actions: SavedActions;
  onClose: () => void;
}

export function RenameDialog({ search, actions, onClose }: RenameProps) {
  const draft = useDraft(`saved-search.${search.search_id}.name`, search.name);
  const name = draft.value;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    if (name.trim() !== search.name && !(await actions.change(search, { name: name.trim() }))) return;
    draft.clear();
    onClose();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={`Rename “${search.name}”`}>
      <form data-draft onSubmit={(event) => void submit(event)} noValidate>
        <DraftNote draft={draft} />
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              value={name}
              onChange={(event) => draft.set(event.target.value)}
              maxLength={MAX_NAME_LENGTH}
              autoFocus
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={!name.trim()}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
