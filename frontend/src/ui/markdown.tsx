/**
 * Markdown from users and agents, treated as untrusted: raw HTML and whatever else Markdown hides is shown as text,
 * only http, https and mailto links work, and remote images become links, because fetching one would reveal that the
 * text was read.
 */
import type { ReactNode } from "react";
import Markdown, { type Components, type Options } from "react-markdown";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { cn } from "./cn";
import { describeElements } from "./markdown-elements";
import { labelInvisible, revealSource } from "./markdown-source";

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

const remarkPlugins: NonNullable<Options["remarkPlugins"]> = [
  remarkGfm,
  [revealSource, { isShown: (url: string) => safeUrl(url) !== "" }],
];

export function ExternalLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  return href ? (
    <a href={href} target="_blank" rel="noreferrer noopener nofollow">
      {children}
    </a>
  ) : (
    <span>{children}</span>
  );
}

const baseComponents: Components = {
  a: ({ href, children }) => <ExternalLink href={href}>{children}</ExternalLink>,
  img: ({ src, alt }) =>
    typeof src === "string" && src ? <ExternalLink href={src}>Image: {alt || src}</ExternalLink> : <span>{alt}</span>,
  // Headings inside a text must rank below the page's own.
  h1: ({ children }) => <h4 className="text-base">{children}</h4>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
    <section className="overflow-x-auto" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
    <pre tabIndex={0}>{children}</pre>
  ),
};

interface Props {
  text: string;
  className?: string;
  /** Rehype plugins that run after sanitizing; their output is trusted. */
  plugins?: NonNullable<Options["rehypePlugins"]>;
  components?: Components;
}

export function MarkdownText({ text, className, plugins = [], components }: Props) {
  return (
    <div className={cn("prose-callboard", className)}>
      <Markdown
        remarkPlugins={remarkPlugins}
        rehypePlugins={[[rehypeSanitize, schema], labelInvisible, describeElements, ...plugins]}
        urlTransform={safeUrl}
        components={{ ...baseComponents, ...components }}
      >
        {text}
      </Markdown>
    </div>
  );
}
