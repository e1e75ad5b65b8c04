/**
 * Text written by people and agents. It is data: raw HTML is not rendered, only http, https and mailto links work, and
 * pictures from elsewhere are not fetched (reading a ticket must not tell anyone that it was read).
 */
import { memo, type ReactNode, useContext } from "react";
import Markdown, { type Components } from "react-markdown";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { cn } from "@/ui/cn";
import { markTicketKeys, TicketLinksContext } from "./ticket-links";

const SAFE = /^(https?|mailto):/i;

export function safeUrl(url: string): string {
  const trimmed = url.trim();
  return SAFE.test(trimmed) ? trimmed : "";
}

const schema = {
  ...defaultSchema,
  protocols: { href: ["http", "https", "mailto"], src: ["http", "https"] },
  clobberPrefix: "md-",
};

const components: Components = {
  a: ({ href, children, node }) => {
    const key = node?.properties.dataTicketKey;
    if (typeof key === "string") return <TicketLink ticketKey={key}>{children}</TicketLink>;
    return href ? (
      <a href={href} target="_blank" rel="noreferrer noopener nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    );
  },
  img: ({ src, alt }) =>
    typeof src === "string" && src ? (
      <a href={src} target="_blank" rel="noreferrer noopener nofollow">
        Picture: {alt || src}
      </a>
    ) : (
      <span>{alt}</span>
    ),
  // Headings inside a ticket must not outrank the page's own.
  h1: ({ children }) => <h4 className="text-base">{children}</h4>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="overflow-x-auto" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre tabIndex={0}>{children}</pre>
  ),
};

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
  return (
    <div className={cn("prose-callboard", className)}>
      <Markdown
        skipHtml
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[[rehypeSanitize, schema], markTicketKeys]}
        urlTransform={safeUrl}
        components={components}
      >
        {text}
      </Markdown>
    </div>
  );
});
