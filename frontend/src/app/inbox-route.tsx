import { useSearch } from "@tanstack/react-router";
import { InboxPage } from "@/features/approvals/inbox-page";

export function InboxRoute() {
  const { focus } = useSearch({ from: "/inside/shell/approvals" });
  return <InboxPage key={focus} focus={focus} />;
}
