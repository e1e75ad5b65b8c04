/** Queries and mutations of a workflow's webhooks. */

import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { explain, webhooks } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { Webhook } from "@/api/types";
import { useLive } from "@/live/context";
import { LOCALE } from "@/ui/locale";
import { toast } from "@/ui/toast";

/** Delivery progress produces no events, so it is polled. */
const REFETCH_INTERVAL_MS = 5_000;

export function useWebhooks(workflowId: string) {
  const live = useLive();
  const queries = useQueryClient();
  useEffect(
    () =>
      live.onEvents((id, events) => {
        if (id !== workflowId || !events.some(({ type }) => type.startsWith("webhook_"))) return;
        void queries.invalidateQueries({ queryKey: queryKeys.webhooks(workflowId) });
      }),
    [live, queries, workflowId],
  );
  return useQuery({
    queryKey: queryKeys.webhooks(workflowId),
    queryFn: ({ signal }) => webhooks.list(workflowId, signal),
    refetchInterval: ({ state }) => (state.data?.length ? REFETCH_INTERVAL_MS : false),
  });
}

export function useDeliveries(webhookId: string) {
  return useInfiniteQuery({
    queryKey: queryKeys.deliveries(webhookId),
    queryFn: ({ pageParam, signal }) => webhooks.deliveries(webhookId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ has_more, next_cursor }) => (has_more ? (next_cursor ?? undefined) : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: REFETCH_INTERVAL_MS,
  });
}

export function useDeadLetters(webhookId: string) {
  return useInfiniteQuery({
    queryKey: queryKeys.deadLetters(webhookId),
    queryFn: ({ pageParam, signal }) => webhooks.deadLetters(webhookId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ has_more, next_cursor }) => (has_more && next_cursor ? next_cursor : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: REFETCH_INTERVAL_MS,
  });
}

export function useDeadLetterActions(webhookId: string) {
  const queries = useQueryClient();
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: queryKeys.deadLetters(webhookId) });
    void queries.invalidateQueries({ queryKey: queryKeys.deliveries(webhookId) });
    void queries.invalidateQueries({ queryKey: ["webhooks"] });
  };
  const replay = useMutation({
    mutationFn: (letter: string) => webhooks.replay(webhookId, letter),
    onSuccess: ({ success, message }) => {
      if (success) toast.success("Event delivered");
      else toast.error("Event refused again", { description: message, duration: 8_000 });
    },
    onError: (error) => toast.error("Could not send the event", { description: explain(error), duration: 8_000 }),
    onSettled: refresh,
  });
  const discard = useMutation({
    mutationFn: (letter: string) => webhooks.discard(webhookId, letter),
    onSuccess: () => toast.success("Event discarded"),
    onError: (error) => toast.error("Could not discard the event", { description: explain(error), duration: 8_000 }),
    onSettled: refresh,
  });
  return { replay, discard };
}

export function useWebhookActions({ id, workflow_id }: Webhook) {
  const queries = useQueryClient();
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: queryKeys.webhooks(workflow_id) });
    void queries.invalidateQueries({ queryKey: queryKeys.deliveries(id) });
  };
  const showError = (message: string) => (error: unknown) =>
    toast.error(message, { description: explain(error), duration: 8_000 });
  const toggle = useMutation({
    mutationFn: (active: boolean) => (active ? webhooks.resume(id) : webhooks.update(id, { active })),
    onSuccess: ({ active }) => toast.success(active ? "Webhook resumed" : "Webhook paused"),
    onError: showError("Could not update the webhook"),
    onSettled: refresh,
  });
  const test = useMutation({
    mutationFn: () => webhooks.test(id),
    onSuccess: ({ success, message, status_code, duration_ms }) => {
      const details = [status_code && `status ${status_code}`, `${duration_ms.toLocaleString(LOCALE)} ms`];
      const description = `${message} (${details.filter(Boolean).join(", ")})`;
      if (success) toast.success("Test delivered", { description });
      else toast.error("Test failed", { description, duration: 8_000 });
    },
    onError: showError("Could not send the test"),
    onSettled: refresh,
  });
  const rotate = useMutation({
    mutationFn: () => webhooks.rotateSecret(id),
    onError: showError("Could not rotate the secret"),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => webhooks.remove(id),
    onSuccess: () => toast.success("Webhook deleted"),
    onError: showError("Could not delete the webhook"),
    onSettled: refresh,
  });
  return { toggle, test, rotate, remove };
}
