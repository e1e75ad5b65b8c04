import { useEffect } from "react";
import { Toaster as Sonner, toast } from "sonner";
import { showToastsWith } from "./toast";

/** Shows the messages of `toast`. */
export function Toaster({ theme }: { theme: "light" | "dark" | "system" }) {
  useEffect(() => showToastsWith(toast), []);
  return (
    <Sonner theme={theme} position="bottom-right" closeButton visibleToasts={4} containerAriaLabel="Notifications" />
  );
}
