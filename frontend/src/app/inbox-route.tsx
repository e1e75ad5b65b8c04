import { useSearch } from "@tanstack/react-router";
import { InboxPage } from "@/features/approvals/inbox-page";

export function InboxRoute() {
  const { focus, show } = useSearch({ from: "/inside/shell/approvals" });
  return <InboxPage show={show ?? "pending"} focus={focus} />;
}
