import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Problem, session } from "@/api";
import { LiveClient } from "@/live/client";
import { LiveProvider } from "@/live/context";
import { Announcer } from "@/ui/announcer";
import { setDraftOwner } from "@/ui/drafts";
import { lazyPart } from "@/ui/lazy-part";
import { whenIdle } from "@/ui/load-part";
import { loadMenus } from "@/ui/menu";
import { PromptHost, QuestionDialog } from "@/ui/prompt-dialog";
import { onWaitingToast, toast } from "@/ui/toast";
import { useTheme } from "@/ui/use-theme";
import { watchOutages } from "./outage";
import { router } from "./router";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 3 && error instanceof Problem && error.retryable,
    },
    // Without a connection they fail and say so, instead of being carried out at some later time.
    mutations: { retry: false, networkMode: "always" },
  },
});
const live = new LiveClient(queries);

const Toaster = lazyPart(async () => (await import("@/ui/toaster")).Toaster);

/** Drafts are those of the person who is signed in. */
session.subscribe(() => {
  const state = session.get();
  setDraftOwner(state.status === "signed-in" ? state.user.id : null);
});
void session.start();

export function App() {
  const theme = useTheme();
  const rest = useRest();
  useEffect(() => watchOutages(live, queries), []);
  useEffect(
    () =>
      live.onAccessRevoked(() =>
        toast.error("You no longer have access to this board", {
          description: "You are not a member of its workflow.",
        }),
      ),
    [],
  );
  return (
    <QueryClientProvider client={queries}>
      <LiveProvider client={live}>
        <RouterProvider router={router} />
        <PromptHost />
        <Announcer />
        {rest && <Toaster theme={theme} />}
      </LiveProvider>
    </QueryClientProvider>
  );
}

/** Loads what the first page can wait for, once it is drawn; true from then on. Without it, nothing works offline. */
function useRest(): boolean {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    const stop = onWaitingToast(() => setWanted(true));
    whenIdle(() => {
      setWanted(true);
      void loadMenus();
      void QuestionDialog.preload();
    });
    return stop;
  }, []);
  return wanted;
}
