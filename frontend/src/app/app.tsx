import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { Toaster, toast } from "sonner";
import { Problem, session } from "@/api";
import { LiveClient } from "@/live/client";
import { LiveProvider } from "@/live/context";
import { Announcer } from "@/ui/announcer";
import { PromptHost } from "@/ui/prompt-dialog";
import { TooltipProvider } from "@/ui/tooltip";
import { useTheme } from "@/ui/use-theme";
import { router } from "./router";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 3 && error instanceof Problem && error.retryable,
    },
    mutations: { retry: false },
  },
});
const live = new LiveClient(queries);

void session.start();

export function App() {
  const theme = useTheme();
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
        <TooltipProvider delayDuration={350}>
          <RouterProvider router={router} />
          <PromptHost />
          <Announcer />
          <Toaster
            theme={theme}
            position="bottom-right"
            closeButton
            visibleToasts={4}
            containerAriaLabel="Notifications"
          />
        </TooltipProvider>
      </LiveProvider>
    </QueryClientProvider>
  );
}
