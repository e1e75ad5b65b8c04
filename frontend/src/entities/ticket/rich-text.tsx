/** Markdown in which ticket keys (TKT-1) link to their tickets. */
import { memo, type ReactNode, useContext } from "react";
import type { Components } from "react-markdown";
import { ExternalLink, MarkdownText } from "@/ui/markdown";
import { markTicketKeys, TicketLinksContext } from "./ticket-links";

const components: Components = {
  a: ({ href, children, node }) => {
    const key = node?.properties.dataTicketKey;
    if (typeof key === "string") return <TicketLink ticketKey={key}>{children}</TicketLink>;
    return <ExternalLink href={href}>{children}</ExternalLink>;
  },
};
const plugins = [markTicketKeys];

function TicketLink({ ticketKey, children }: { ticketKey: string; children: ReactNode }) {
  const links = useContext(TicketLinksContext);
  const href = links?.href(ticketKey);
  if (!links || !href) return children;
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        links.open(ticketKey);
      }}
    >
      {children}
    </a>
  );
}

export const RichText = memo(function RichText({ text, className }: { text: string; className?: string }) {
  return <MarkdownText text={text} className={className} plugins={plugins} components={components} />;
});
