import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { initials } from "@/entities/actor/avatar";
import { RichText, safeUrl } from "@/entities/ticket/rich-text";
import { TicketLinksContext } from "@/entities/ticket/ticket-links";
import { cssColor } from "./color";
import { ago, duration } from "./time";

describe("RichText", () => {
  const show = (text: string) => render(<RichText text={text} />).container;

  it("draws Markdown", () => {
    const page = show("# Title\n\n**bold** `code`\n\n- [x] done\n\n| a |\n|---|\n| 1 |");
    expect(page.querySelector("strong")?.textContent).toBe("bold");
    expect(page.querySelector("h4")?.textContent).toBe("Title");
    expect(page.querySelector("td")?.textContent).toBe("1");
  });

  it("runs nothing", () => {
    const page = show(
      "<script>alert(1)</script><img src=x onerror=alert(1)>\n\n<svg onload=alert(1)>\n\n[a](javascript:alert(1)) ![p](https://x.test/p.png) [b](data:text/html,x) <iframe src=//x.test>",
    );
    expect(page.querySelector("script, img, svg, iframe, [onerror], [onload]")).toBeNull();
    const links = [...page.querySelectorAll("a")].map((link) => link.getAttribute("href"));
    expect(links).toEqual(["https://x.test/p.png"]);
  });

  it("opens links elsewhere and tells them nothing", () => {
    const link = show("[x](https://example.com)").querySelector("a");
    expect(link?.rel).toContain("noopener");
    expect(link?.rel).toContain("noreferrer");
    expect(link?.target).toBe("_blank");
  });
});

describe("ticket keys in a text", () => {
  it("lead to tickets that exist, and stay words elsewhere", async () => {
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

describe("safeUrl", () => {
  it.each([
    "javascript:alert(1)",
    " JaVaScRiPt:x",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc",
    "//x",
    "/x",
    "\tjavascript:x",
  ])("refuses %s", (url) => expect(safeUrl(url)).toBe(""));
  it.each(["http://x", "https://x", "mailto:a@b.c"])("lets %s pass", (url) => expect(safeUrl(url)).toBe(url));
});

describe("words", () => {
  it("for times", () => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(ago("2026-01-01T23:59:40Z", now)).toBe("just now");
    expect(ago("2026-01-01T21:00:00Z", now)).toMatch(/3.*h/);
    expect([duration(45), duration(60), duration(135)]).toEqual(["45m", "1h", "2h 15m"]);
  });

  it("for names", () => {
    expect([initials("Ada Lovelace"), initials("builder"), initials("agent-x9"), initials("")]).toEqual([
      "AL",
      "BU",
      "AX",
      "?",
    ]);
  });

  it("for colors", () => {
    expect([cssColor("#3b82f6"), cssColor("#gray"), cssColor("red;x"), cssColor(null)]).toEqual([
      "#3b82f6",
      "#8b8f98",
      "#8b8f98",
      "#8b8f98",
    ]);
  });
});
