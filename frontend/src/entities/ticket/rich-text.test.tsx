import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { RichText } from "./rich-text";
import { TicketLinksContext } from "./ticket-links";

describe("RichText", () => {
  it("links the keys of existing tickets, except in code and links", async () => {
    const opened: string[] = [];
    const links = { href: (key: string) => (key === "TKT-1" ? "/t/1" : null), open: (key: string) => opened.push(key) };
    const text = "See #TKT-1, TKT-2 and `TKT-1` or [TKT-1](https://example.com/TKT-1), not XTKT-1 or TKT-1x.";
    const { container } = render(
      <TicketLinksContext.Provider value={links}>
        <RichText text={text} />
      </TicketLinksContext.Provider>,
    );
    const found = [...container.querySelectorAll("a")].map((link) => link.getAttribute("href"));
    expect(found).toEqual(["/t/1", "https://example.com/TKT-1"]);
    expect(container.textContent).toBe("See #TKT-1, TKT-2 and TKT-1 or TKT-1, not XTKT-1 or TKT-1x.");
    await userEvent.setup().click(screen.getByText("#TKT-1"));
    expect(opened).toEqual(["TKT-1"]);
  });
});
