import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { HomeIndicator } from "@/features/home/home-indicator";

/** Counts what needs the user in the title and icon of the tab, on every page. */
export function HomeIndicatorHost() {
  const navigate = useNavigate();
  return <HomeIndicator onOpen={useCallback(() => void navigate({ to: "/", search: {} }), [navigate])} />;
}
